"""START HERE: the passes in order, each with the reason it stands where it stands.

    read        text to notation trees; first, because positions exist only here
    type        notation to terms; before any algebra, because x^{(i)} and A^T mean nothing without types
    verify      claims to verdicts; on terms, so that the oracle judges what the author wrote and not what we made of it
    lower       terms to index form; one form for matrix, index and sample notation, which everything below shares
    derive      gradients of index form; before loops are planned: a fused loop hides which index a derivative runs over
    solve       products with an inverse become linear systems; after deriving, so that gradients gain from it too
    request     which kernels a document gives; the plan and the text are made from the request alone

Takes: paths and documents. Gives: documents, verdicts, kernels, and the text of every stage.
Guarantees: nothing here computes; each function calls the part that does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from eqcompiler.errors import BadInput, EquationError, IllegalEquation, NotSupportedYet, Source, Span
from eqcompiler.languages.statements import Claim, Definition, Document, Objective, Recurrence, Statement
from eqcompiler.languages.terms import Iterated, Term, children
from eqcompiler.languages.verdicts import Verdict
from eqcompiler.reading.documents import formulas, included, read_source
from eqcompiler.reading.typing import type_document

# Everything below reading is imported where it is used: `eqc check` reads and types without waiting for SymPy.
if TYPE_CHECKING:
    from eqcompiler.calculus.kernel_programs import Choice
    from eqcompiler.languages.kernel_requests import KernelRequest
    from eqcompiler.languages.loop_plan import LoopPlan
    from eqcompiler.languages.program import Program

MAXIMUM_INCLUDE_DEPTH = 16
SUFFIXES = (".tex", ".md")

EXPLAINED_SECONDS = 30.0  # per claim: a proof with inverses takes seconds to be written out for the checker


def load(path: Path | str, *, _open: tuple[Path, ...] = ()) -> Document:
    """Read and type one file with what it includes. BadInput when it cannot be read; errors in formulas stay in their place."""
    path = Path(path)
    return document_of(read_source(path), path.resolve(), _open)


def document_of(source: Source, path: Path | None = None, _open: tuple[Path, ...] = ()) -> Document:
    """A document from text that is already in memory; `path` is where its includes are looked up."""
    includes = tuple(_include(name, span, path, _open) for name, span in included(source))
    return type_document(source, formulas(source), includes)


def sources(path: Path | str) -> tuple[Source, ...]:
    """The texts that decide about a file: its own and those of all that it includes. Raises as `load` does."""
    found: dict[Path, Source] = {}
    waiting = [Path(path)]
    while waiting:
        file = waiting.pop()
        source = read_source(file)  # first: what cannot be read may have no resolved path either
        if file.resolve() not in found:
            found[file.resolve()] = source
            waiting += [included_file(name, span, file.resolve()) for name, span in included(source)]
    return tuple(found.values())


@lru_cache(maxsize=8)
def confirmed(document: Document) -> Document:
    """Plain scalar statements are read a second time by a reader that shares no code with ours; a disagreement is an error."""
    return replace(document, statements=tuple(_confirmed(document, statement) for statement in document.statements))


def _confirmed(document: Document, statement: Statement) -> Statement:
    from eqcompiler.calculus.environments import free_index_names
    from eqcompiler.calculus.lower import lower
    from eqcompiler.languages.program import Scan, scalar
    from eqcompiler.reading.second_reader import disagreement, in_scope

    for name, term in _terms(statement):
        if term.span is None or in_scope(term.span.text) is None or _iterates(term) or free_index_names(term):
            continue
        try:
            program = lower(document, term, name)
        except NotSupportedYet:
            continue  # nothing to compare; whoever needs the index form reports it
        if len(program.definitions) != 1 or isinstance(only := program.definitions[0], Scan) or only.axes:
            continue
        inputs = (i.name for i in program.inputs if i.name in document.symbols and not i.shape)
        table = {document.symbols[name].latex: scalar(name) for name in inputs}
        words = disagreement(term.span.text, last_body(program), table)
        if words is not None:
            fix = "write brackets around what belongs together"
            error = IllegalEquation(f"two independent readers disagree: {words}", term.span, fix=fix)
            return replace(statement, kind="error", payload=None, error=error)
    return statement


def _iterates(term: Term) -> bool:
    """A last state, a^{(L)}, looks like a power to a reader of plain formulas."""
    return isinstance(term, Iterated) or any(_iterates(child) for child in children(term))


def _include(name: str, span: Span, path: Path | None, opened: tuple[Path, ...]) -> Document:
    here = opened + ((path,) if path else ())
    found = included_file(name, span, path)
    if found in here or len(here) > MAXIMUM_INCLUDE_DEPTH:
        chain = " -> ".join(p.name for p in (*here, found))
        raise IllegalEquation(f"'{name}' includes itself: {chain}", span, fix="remove one of the inputs")
    return load(found, _open=here)


def included_file(name: str, span: Span, path: Path | None) -> Path:
    r"""The file that \input{name} in the file `path` stands for."""
    folder = path.parent if path else Path()
    candidates = [folder / name] if Path(name).suffix in SUFFIXES else [folder / f"{name}{suffix}" for suffix in SUFFIXES]
    found = next((c.resolve() for c in candidates if c.is_file()), None)
    if found is None:
        tried = ", ".join(c.name for c in candidates)
        raise IllegalEquation(f"'{name}' is not there", span, allowed=f"a file beside this one: {tried}")
    return found


def verify(
    document: Document,
    *,
    timeout: float = 10.0,
    on_verdict: Callable[[Verdict], None] | None = None,
    known: Mapping[int, Verdict] | None = None,
    explained: Claim | None = None,
) -> tuple[Verdict, ...]:
    """The verdict of every claim and objective, in the order of the source; `known` by place are not judged again.

    explained: a claim whose proof is written out and replayed by the separate checker.
    """
    from eqcompiler.verification import judge
    from eqcompiler.verification.instruments import explaining, standard

    instruments = explaining(explained, restated) if explained is not None else standard(restated)
    return judge.verify(confirmed(document), timeout=timeout, on_verdict=on_verdict, known=known, instruments=instruments)


def restated(document: Document, span: Span, right: str) -> tuple[Document, Claim] | None:
    """The file once more, with another right side where one claim has its own; None where that cannot be read."""
    source = Source(document.source.path, document.source.text[: span.start] + right + document.source.text[span.stop :])
    try:
        again = document_of(source, Path(document.source.path).resolve())
    except EquationError:
        return None
    found = (s.payload for s in again.statements if s.error is None and isinstance(s.payload, Claim))
    return next(((again, other) for other in found if other.right.span and other.right.span.start == span.start), None)


def verdicts_here(document: Document, timeout: float, explained: Claim | None) -> tuple[Verdict, ...]:
    return verify(document, timeout=timeout, explained=explained)


def pending(document: Document) -> tuple[Verdict, ...]:
    """What stands in place of each verdict of `verify` before it is decided."""
    from eqcompiler.verification import judge

    return judge.pending(confirmed(document))


def shares(document: Document, count: int) -> tuple[tuple[int, ...], ...]:
    """The places of the verdicts, in shares that can be judged side by side without a change of any verdict."""
    from eqcompiler.verification import judge

    return judge.shares(confirmed(document), count)


@lru_cache(maxsize=8)
def kernel_choice(document: Document) -> Choice:
    """Which kernels the document gives, and why a definition gives none."""
    from eqcompiler.calculus.kernel_programs import chosen_kernels

    return chosen_kernels(confirmed(document))


def kernel_requests(document: Document) -> tuple[KernelRequest, ...]:
    return kernel_choice(document).requests


def kernel_refusals(document: Document) -> tuple[tuple[str, EquationError], ...]:
    """The definitions that no kernel is made of, each with the reason."""
    return kernel_choice(document).refusals


def kernel_names(document: Document) -> tuple[str, ...]:
    return tuple(request.name for request in kernel_requests(document))


def build(document: Document) -> str:
    """The text of the generated module with every kernel that the document gives."""
    from eqcompiler.kernels import module_text

    requests = kernel_requests(document)
    if not requests:
        raise BadInput(f"{document.source.path}: no definition, objective or update that a kernel can be made of")
    return module_text(requests, document.source)


def kernels(document: Document) -> ModuleType:
    """The generated module, loaded; nothing is compiled before its first call."""
    from eqcompiler.kernels import load as load_kernels

    return load_kernels(build(document), Path(document.source.path).stem)


def load_module(text: str, stem: str) -> ModuleType:
    """The text of a generated module, loaded."""
    from eqcompiler.kernels import load as load_kernels

    return load_kernels(text, stem)


def numpy_module(document: Document) -> tuple[str, dict[str, EquationError]]:
    """The value kernels of the document as plain NumPy, and those that have no such form with the reason."""
    from eqcompiler.kernels.numpy_text import numpy_module as written

    return written(kernel_requests(document), document.source)


def check_rows(document: Document) -> tuple[dict[str, object], ...]:
    """One row per statement with the keys of `eqc check --json`."""
    return tuple(_row(document, statement) for statement in document.statements)


def _row(document: Document, statement: Statement) -> dict[str, object]:
    from eqcompiler.calculus.term_text import condition_latex

    own = statement.payload.assumptions if isinstance(statement.payload, Claim) else ()
    return {
        "file": document.source.path,
        "line": statement.span.line,
        "column": statement.span.column,
        "name": statement.name,
        "kind": statement.kind,
        "latex": statement.latex,
        "type": statement.type_text,
        "sympy": index_form(document, statement),
        "assumptions": [condition_latex(document, c) for c in own],
        "inferred": list(statement.inferred),
        "error": str(statement.error) if statement.error else None,
    }


def spelled_out(latex: str, place: Span) -> str:
    """The formula without the author's own commands, as a page shows it; `place` says which of them are defined there."""
    from eqcompiler.reading.spelled_out import spelled_out as written

    return written(latex, place)


def index_form(document: Document, statement: Statement) -> str | None:
    """The statement as index form over SymPy, or None where it has none."""
    from eqcompiler.calculus.lower import lower

    try:
        return "\n".join(str(lower(document, term, name)) for name, term in _terms(statement)) or None
    except EquationError:
        return None


def sympy_of(document: Document, statement: Statement) -> object:
    """The SymPy index form of the statement's term; of both sides for a claim."""
    from eqcompiler.calculus.lower import lower

    bodies = tuple(last_body(lower(document, term, name)) for name, term in _terms(statement))
    if not bodies:
        raise BadInput(f"'{statement.name}' is {statement.kind}; it has no SymPy form")
    return bodies[0] if len(bodies) == 1 else bodies


def last_body(program: Program) -> object:
    """The body of the output; definitions that it uses stay names. An intrinsic has no body and gives its printed form."""
    from eqcompiler.languages.program import Indexed

    last = next(d for d in program.plain("expression") if d.name == program.outputs[-1])
    return last.body if isinstance(last, Indexed) else f"{last.operation}({', '.join(last.operands)})"


def gradient(document: Document, statement: Statement, variable: str) -> tuple[Program, str]:
    """The gradient of a scalar definition: the program and the notation."""
    from eqcompiler.calculus.derive import gradient as derive
    from eqcompiler.calculus.kernel_programs import own_reference
    from eqcompiler.calculus.lower import lower
    from eqcompiler.languages.kernel_requests import KernelRequest

    if not isinstance(statement.payload, Definition):
        raise BadInput(f"'{statement.name}' is {statement.kind}; only a definition has a gradient")
    definition = statement.payload
    program = derive(lower(document, own_reference(definition), definition.name), definition.name, variable)
    return program, "".join(gradient_latex(document, KernelRequest("gradient", program)))


def _terms(statement: Statement) -> tuple[tuple[str, Term], ...]:
    match statement.payload:
        case Definition(name=name, body=body):
            return ((name, body),)
        case Claim(left=left, right=right):
            return (("left", left), ("right", right))
        case Recurrence(state=state, update=update):
            return ((f"{state}_next", update),)  # further states have statements of their own
        case Objective(name=name, extremum=extremum):
            return ((f"{name}_objective", extremum.body),)
    return ()


def explain(
    document: Document,
    name: str,
    sizes: Mapping[str, int] | None = None,
    judged: Callable[[Document, float, Claim | None], tuple[Verdict, ...]] = verdicts_here,
) -> tuple[tuple[str, str], ...]:
    """One statement after every stage: (title, text). With sizes also what each kernel needs at least on this machine.
    `judged` gives the verdicts; the default knows no hard limits.
    """
    from eqcompiler.kernels import plan
    from eqcompiler.kernels.roofline import cost, cost_text

    plans: list[LoopPlan] = []
    statement = find(document, name)
    stages = [("source", f"{statement.span}\n{statement.latex}")]
    if statement.error:
        return (*stages, ("error", str(statement.error)))
    types = [f"{statement.kind}: {statement.type_text}".rstrip(": "), *symbol_lines(document, statement), *statement.inferred]
    stages.append(("types", "\n".join(types)))
    form = index_form(document, statement)
    if form:
        stages.append(("index form", form))
    if statement.kind.startswith("claim") or statement.kind in ("objective", "density"):
        claim = statement.payload if isinstance(statement.payload, Claim) else None
        stages += [("verdict", text) for text in _verdict_text(judged(document, EXPLAINED_SECONDS, claim), statement)]
    for request in kernel_requests(document):
        if request.line == statement.span.line and request.latex == statement.latex:
            if request.name.startswith("grad_"):
                stages.append((f"index form of {request.name}", str(request.program)))
                stages += [(f"{request.name} in notation", text) for text in gradient_latex(document, request)]
            if request.draws:
                stages.append((f"draws of {request.name}", "\n".join(f"{draw.name}: {draw.words}" for draw in request.draws)))
            planned = plan(request)
            stages.append((f"loop plan of {request.name}", str(planned)))
            stages.append((f"cost of {request.name}", cost_text(cost(planned))))
            plans.append(planned)
    return (*stages, *(_roofline(plans, sizes) if sizes is not None else ()))


def _roofline(plans: Sequence[LoopPlan], sizes: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    """The machine, measured once where the largest of the kernels works, and the bound of each kernel."""
    from eqcompiler.kernels.roofline import bound_text, check_sizes, cost, limits_text

    for planned in plans:
        check_sizes(planned, sizes)
    if not plans:
        raise BadInput("--sizes: no kernel is made of this statement", fix="leave --sizes out")
    from eqcompiler.kernels.machine_limits import measured

    limits = measured(max(cost(planned).numbers(sizes)[1] for planned in plans))
    at = ", ".join(f"{name} = {value:,}".replace(",", " ") for name, value in sizes.items())
    bounds = tuple((f"roofline of {planned.name} at {at}", bound_text(cost(planned), sizes, limits)) for planned in plans)
    return (("this machine, measured now", limits_text(limits)), *bounds)


def symbol_lines(document: Document, statement: Statement) -> list[str]:
    """The types of the symbols that the statement uses, and where each comes from."""
    from eqcompiler.calculus.kernel_programs import reach

    used = dict.fromkeys(name for _, term in _terms(statement) for name in reach(document, term))
    infos = [document.symbols[name] for name in used if name in document.symbols]
    return [f"{info.name}: {info.type}, {info.why}" for info in infos]


def _verdict_text(verdicts: tuple[Verdict, ...], statement: Statement) -> list[str]:
    for verdict in verdicts:
        if (verdict.line, verdict.column) == (statement.span.line, statement.span.column):
            lines = [f"{verdict.verdict}: {verdict.method}", verdict.reason, *verdict.steps]
            lines += [f"{title}: {text}" for title, text in _details(verdict) if text]
            return ["\n".join(line for line in lines if line)]
    return []


def _details(verdict: Verdict) -> tuple[tuple[str, str | None], ...]:
    return (("condition", verdict.condition), ("residual", verdict.residual), ("repair", verdict.repair))


def gradient_latex(document: Document, request: KernelRequest) -> list[str]:
    """Each gradient of the request as a person would write it; none for one through a recurrence, whose index form says all."""
    from eqcompiler.calculus.normal_form import normal_forms
    from eqcompiler.calculus.printing import to_latex
    from eqcompiler.languages.program import Scan

    if any(isinstance(d, Scan) for d in request.program.definitions):
        return []
    texts = []
    for output, normal in normal_forms(request.program).items():
        axes = next(d.axes for d in request.program.plain("notation") if d.name == output)
        texts.append(to_latex(normal, document, tuple(str(a.index) for a in axes)))
    return texts


def find(document: Document, name: str) -> Statement:
    """A statement by its name, or by the name of what it defines."""
    for statement in sorted(document.statements, key=lambda s: s.kind in ("declaration", "distribution")):
        if name in (statement.name, getattr(statement.payload, "name", None)):
            return statement
    known = ", ".join(statement.name for statement in document.statements if statement.name)
    raise BadInput(f"{document.source.path} has no statement {name!r}", allowed=known)
