"""Data for `eqc run`: every form that is read, and the whole message for everything that cannot be used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eqcompiler.errors import BadInput
from eqcompiler.interfaces.arguments import arguments
from eqcompiler.interfaces.data_files import Given, read_given
from eqcompiler.languages.dimensions import Dimension
from eqcompiler.languages.program import Input

M, N = Dimension.of("m"), Dimension.of("n")
X, Y, ALPHA = Input("X", (M, N), "X"), Input("y", (M,), "y"), Input("alpha", (), r"\alpha")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with data.csv of three rows."""
    monkeypatch.chdir(tmp_path)
    Path("data.csv").write_text("age,bmi,target\n1,2,3\n4,5,6\n7,8,9.5\n")
    return tmp_path


def message(setting: str) -> str:
    with pytest.raises(BadInput) as caught:
        read_given(setting)
    return str(caught.value)


@pytest.mark.parametrize(
    ("source", "array"),
    [
        ("0.1", np.array(0.1)),
        ("-1e-3", np.array(-0.001)),
        ("0, 0, 1.5", np.array([0, 0, 1.5])),
        ("1,2;3,4;5,6", np.array([[1.0, 2], [3, 4], [5, 6]])),
        ("data.csv:bmi,age", np.array([[2.0, 1], [5, 4], [8, 7]])),
        ("data.csv:target", np.array([[3.0], [6], [9.5]])),
        ("data.csv", np.array([[1.0, 2, 3], [4, 5, 6], [7, 8, 9.5]])),
    ],
)
def test_forms(folder: Path, source: str, array: np.ndarray) -> None:
    given = read_given(f"v={source}")
    assert (given.name, given.source) == ("v", source)
    np.testing.assert_array_equal(given.array, array, strict=True)


def test_numpy_files(folder: Path) -> None:
    values = np.arange(6.0).reshape(2, 3)
    np.save("a.npy", values)
    np.savez("b.npz", left=values, right=-values)
    np.testing.assert_array_equal(read_given("X=a.npy").array, values)
    np.testing.assert_array_equal(read_given("X=b.npz:right").array, -values)
    assert message("X=b.npz:rigth") == "b.npz has no array 'rigth'\n  allowed: its arrays: left, right\n  to fix: write right"
    assert message("X=b.npz") == "b.npz holds several arrays\n  allowed: its arrays: left, right\n  to fix: write b.npz:left"
    assert message("X=a.npy:left") == "a.npy:left: an .npy file holds one array without a name\n  to fix: write a.npy alone"


def test_a_missing_column_is_named_with_the_nearest(folder: Path) -> None:
    assert message("X=data.csv:age,bmy") == (
        "data.csv has no column 'bmy'\n  allowed: its columns: age, bmi, target\n  to fix: write bmi"
    )


def test_a_cell_that_is_no_number_is_named_by_row_and_column(folder: Path) -> None:
    Path("gap.csv").write_text("a,b\n1,2\n3,nan\n")
    assert message("X=gap.csv:a,b") == (
        "gap.csv:3: column 'b' holds 'nan'\n  allowed: finite numbers\n  to fix: remove the row or fill in the value"
    )
    Path("word.csv").write_text("a,b\n1,2\n\nx,4\n")
    assert message("X=word.csv") == (
        "word.csv:4: column 'a' holds 'x'\n  allowed: finite numbers\n  to fix: remove the row or fill in the value"
    )
    Path("short.csv").write_text("a,b\n1,2\n3\n")
    assert message("X=short.csv:a") == (
        "short.csv:3: a row of 1, the header names 2 columns\n  allowed: one cell for each column\n  to fix: complete the row"
    )
    np.save("nan.npy", np.array([[1.0, 2], [3, np.nan]]))
    assert message("X=nan.npy") == (
        "nan.npy[1, 1] is nan\n  allowed: finite numbers\n  to fix: remove the row or fill in the value"
    )
    np.save("text.npy", np.array(["a", "b"]))
    assert message("X=text.npy") == "text.npy holds <U1 entries\n  allowed: real numbers\n  to fix: convert it with numpy first"


FORMS = "a number, numbers 0,0,0 (rows end with ;), FILE.csv:COLUMN,COLUMN, FILE.npy, FILE.npz:KEY"


def test_settings_that_are_nothing(folder: Path) -> None:
    assert (
        message("alpha")
        == f"--set 'alpha' is not NAME=SOURCE\n  allowed: SOURCE is {FORMS}\n  to fix: for example --set alpha=0.1"
    )
    assert message("X=data.txt:a") == (
        f"'data.txt:a' is neither numbers nor a data file\n  allowed: {FORMS}\n  to fix: check the spelling and the ending"
    )
    assert message("X=data2.csv:a") == (
        f"there is no file data2.csv\n  allowed: {FORMS}\n  to fix: check the path; it is taken from the current folder"
    )
    assert (
        message("X=1,2;3")
        == "the rows of '1,2;3' have different lengths: 2, 1\n  allowed: rows of one length\n  to fix: complete the rows"
    )
    Path("latin.csv").write_bytes(b"a,b\n1,\xe9\n")
    assert message("X=latin.csv") == "latin.csv is not UTF-8: byte 6 is 0xe9\n  to fix: save it as UTF-8"
    Path("head.csv").write_text("a,b\n")
    assert message("X=head.csv") == (
        "head.csv has no data\n  allowed: a first row of column names, then rows of numbers\n  to fix: add the rows"
    )


def test_numbers_that_float64_does_not_know_and_files_that_hold_no_array(folder: Path) -> None:
    assert message("X=1,2;3, 1e400") == (
        "1e400 in '1,2;3, 1e400' is too large\n  allowed: numbers below 1.8e308\n  to fix: scale the data"
    )
    Path("empty.npy").write_bytes(b"")
    Path("half.npz").write_bytes(b"PK\x03\x04 and no more")
    allowed = "\n  allowed: a file that numpy.save or numpy.savez wrote, or a CSV file\n  to fix: write the file again"
    assert message("X=empty.npy") == f"empty.npy cannot be read: No data left in file{allowed}"
    assert message("X=half.npz:a") == f"half.npz cannot be read: File is not a zip file{allowed}"


def given(**arrays: object) -> list[Given]:
    return [Given(name, f"{name}.npy", np.asarray(array, dtype=float)) for name, array in arrays.items()]


def complaint(*values: Given, inputs: tuple[Input, ...] = (X, Y, ALPHA)) -> str:
    with pytest.raises(BadInput) as caught:
        arguments("J", inputs, values)
    return str(caught.value)


def test_arguments_come_in_the_kernels_order() -> None:
    found = arguments("J", (X, Y, ALPHA), given(alpha=[0.5], y=[[1], [2]], X=[[1, 2, 3], [4, 5, 6]]))
    np.testing.assert_array_equal(found[0], np.array([[1.0, 2, 3], [4, 5, 6]]), strict=True)
    np.testing.assert_array_equal(found[1], np.array([1.0, 2]), strict=True)
    assert found[2] == 0.5
    assert isinstance(found[2], float)


def test_a_name_may_be_written_as_in_the_mathematics() -> None:
    penalty = Input("lambda_", (), r"\lambda")
    assert arguments("J", (penalty,), given(**{"lambda": 2.0})) == [2.0]
    assert arguments("J", (penalty,), given(lambda_=2.0)) == [2.0]


def test_wrong_number_of_rows_names_both() -> None:
    assert complaint(*given(X=np.ones((442, 2)), y=np.ones(400), alpha=1)) == (
        "y=y.npy has 400 entries, but X=X.npy has 442 rows\n"
        "  allowed: X: matrix (m by n), y: vector (m)\n  to fix: give both the same m"
    )


def test_a_size_that_follows_from_others() -> None:
    padded = Input("v", (N + Dimension.of(1),), "v")
    assert complaint(*given(v=[1, 2, 3], X=np.ones((4, 5))), inputs=(padded, X)) == (
        "v=v.npy has 3 entries, but n + 1 is 6\n  allowed: v: vector (n + 1), X: matrix (m by n)\n  to fix: give v the size 6"
    )


def test_missing_arguments_are_listed_with_their_shapes() -> None:
    needs = "J needs X: matrix (m by n), y: vector (m), alpha: number"
    assert complaint(*given(X=[[1.0]])) == (
        f"y, alpha are not set\n  allowed: {needs}\n  to fix: add --set y=... --set alpha=..."
    )
    assert complaint(*given(X=[[1.0]], y=[1])) == f"alpha is not set\n  allowed: {needs}\n  to fix: add --set alpha=..."


def test_a_name_too_many_or_twice() -> None:
    needs = "J needs X: matrix (m by n), y: vector (m), alpha: number"
    assert complaint(*given(Alpha=1)) == f"J has no argument 'Alpha'\n  allowed: {needs}\n  to fix: write alpha"
    assert complaint(*given(y=[1]), Given("y", "1,2", np.ones(2))) == (
        "y is set twice: y.npy and 1,2\n  to fix: keep one of the two --set"
    )


def test_wrong_rank_and_fractions_where_whole_numbers_are_needed() -> None:
    assert complaint(*given(X=[[1.0]], y=np.ones((2, 3)), alpha=1)) == (
        "y=y.npy has shape 2 by 3\n  allowed: y: vector (m)\n  to fix: name as many columns, rows or entries as the shape says"
    )
    count = Input("k", (), "k", integer=True)
    assert complaint(*given(k=1.5), inputs=(count,)) == "k is 1.5\n  allowed: k: whole number\n  to fix: give whole numbers"
    assert arguments("J", (count,), given(k=3)) == [3]
