r"""The rows A1, A3, A4 and B4 to B12 of the two documents, right and wrong.

Takes: nothing; data only. Gives: `ROWS`, each with the lines before the claim, right claims and wrong ones.
Guarantees: every wrong claim is false for generic values and sizes; `holds_if` names the conditions under which it becomes true
that a verdict may state (an empty tuple: it must be refuted). The defect is the key.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Wrong:
    claim: str
    holds_if: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """`before`: declarations and definitions, one display each. `right`, `wrong`: name -> the one claim after them."""

    before: tuple[str, ...]
    right: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, Wrong] = field(default_factory=dict)

    def file(self, claim: str) -> str:
        return "".join(f"\\[ {display} \\]\n" for display in (*self.before, claim))

    @property
    def claim_line(self) -> int:
        return len(self.before) + 1


NO_BIAS = ("b = 0",)
NO_TARGETS = ("y = 0", "y^{(i)} = 0")
NO_PRODUCT = (r"\theta = 0", "x = 0", r"x = \theta")
NO_WEIGHTS = ("w = 0", "X = 0")
FITTED = (r"y = X \theta",)
ORTHONORMAL = ("X^T X = I", "X X^T = I")

SAMPLES = (
    r"x^{(i)} \in \mathbb{R}^n, \quad y^{(i)} \in \mathbb{R}, \quad i = 1, \dots, m",
    r"\theta \in \mathbb{R}^n, \quad b \in \mathbb{R}",
)
ROWS_ARE_SAMPLES = r"X = [x^{(1)}, \dots, x^{(m)}]^\top"
HYPOTHESIS = r"h_\theta : \mathbb{R}^n \rightarrow \mathbb{R}, \quad \theta \in \mathbb{R}^n, \quad b \in \mathbb{R}"
MODEL = r"h_\theta(x) = \theta^T x + b"
LOSS = r"J(\theta) = \frac{1}{m} \sum_{i=1}^{m} \left( h_\theta(x^{(i)}) - y^{(i)} \right)^2"
IN_THETA = r"\frac{\partial J}{\partial \theta} = "
IN_THETA_J = r"\frac{\partial J}{\partial \theta_j} = "
IN_B = r"\frac{\partial J}{\partial b} = "
MATRICES = r"X \in \mathbb{R}^{m \times n}, \quad y \in \mathbb{R}^m, \quad \theta \in \mathbb{R}^n"
SQUARE = r"X \in \mathbb{R}^{n \times n}, \quad y \in \mathbb{R}^n, \quad \theta \in \mathbb{R}^n"
VECTORIZED = r"J(\theta) = \frac{1}{m} (X\theta - y)^T (X\theta - y)"
VECTORIZED_SQUARE = r"J(\theta) = \frac{1}{n} (X\theta - y)^T (X\theta - y)"
ARGMIN = r"\theta^* = \arg\min_\theta J(\theta)"
EXAMPLES = r"X \in \mathbb{R}^{n \times d}, \quad y \in \mathbb{R}^n, \quad w \in \mathbb{R}^d, \quad b \in \mathbb{R}"
PREDICTION = r"\hat{y}_i = \sum_{j=1}^{d} X_{ij} w_j + b"
MSE = r"MSE = \frac{1}{n} \sum_{i=1}^{n} (y_i - \hat{y}_i)^2"
DESCENT = (
    r"X \in \mathbb{R}^{n \times d}, \quad y \in \mathbb{R}^n, \quad \theta \in \mathbb{R}^d, \quad \eta > 0",
    r"L(\theta) = \frac{1}{n} \sum_{i=1}^{n} \left( y_i - \sum_{j=1}^{d} X_{ij} \theta_j \right)^2",
)

ROWS = {
    "B4": Row(
        before=(HYPOTHESIS, r"h_\theta(x) = \sum_{j=1}^{n} \theta_j x_j + b"),
        right={"as printed": MODEL, "transposed": r"h_\theta(x) = x^T \theta + b"},
        wrong={
            "sign of the bias": Wrong(r"h_\theta(x) = \theta^T x - b", NO_BIAS),
            "dropped bias": Wrong(r"h_\theta(x) = \theta^T x", NO_BIAS),
            "sign of the product": Wrong(r"h_\theta(x) = -\theta^T x + b", NO_PRODUCT),
            "weights twice": Wrong(r"h_\theta(x) = \theta^T \theta + b", NO_PRODUCT),
            "input twice": Wrong(r"h_\theta(x) = x^T x + b", NO_PRODUCT),
            "factor 2": Wrong(r"h_\theta(x) = 2 \theta^T x + b", NO_PRODUCT),
            "factor 1.0005": Wrong(r"h_\theta(x) = 1.0005 \, \theta^T x + b", NO_PRODUCT),
            "squared": Wrong(r"h_\theta(x) = (\theta^T x)^2 + b", NO_PRODUCT),
        },
    ),
    "B5": Row(
        before=(HYPOTHESIS, MODEL),
        right={
            "as printed": r"h_\theta(x) = \sum_{j=1}^{n} \theta_j x_j + b",
            "renamed and swapped": r"h_\theta(x) = b + \sum_{k=1}^{n} x_k \theta_k",
            "split range": r"h_\theta(x) = \theta_1 x_1 + \sum_{j=2}^{n} \theta_j x_j + b",
        },
        wrong={
            "sign of the bias": Wrong(r"h_\theta(x) = \sum_{j=1}^{n} \theta_j x_j - b", NO_BIAS),
            "dropped bias": Wrong(r"h_\theta(x) = \sum_{j=1}^{n} \theta_j x_j", NO_BIAS),
            "bias inside the sum": Wrong(r"h_\theta(x) = \sum_{j=1}^{n} \left( \theta_j x_j + b \right)", NO_BIAS),
            "range from 2": Wrong(r"h_\theta(x) = \sum_{j=2}^{n} \theta_j x_j + b", NO_PRODUCT),
            "range to n-1": Wrong(r"h_\theta(x) = \sum_{j=1}^{n-1} \theta_j x_j + b", NO_PRODUCT),
            "wrong power": Wrong(r"h_\theta(x) = \sum_{j=1}^{n} \theta_j x_j^2 + b", NO_PRODUCT),
            "index fixed at 1": Wrong(r"h_\theta(x) = \sum_{j=1}^{n} \theta_1 x_j + b", NO_PRODUCT),
            "index reversed": Wrong(r"h_\theta(x) = \sum_{j=1}^{n} \theta_j x_{n-j+1} + b", NO_PRODUCT),
            "product of sums": Wrong(r"h_\theta(x) = \sum_{j=1}^{n} \theta_j \sum_{k=1}^{n} x_k + b", NO_PRODUCT),
            "spurious 1/n": Wrong(r"h_\theta(x) = \frac{1}{n} \sum_{j=1}^{n} \theta_j x_j + b", NO_PRODUCT),
            "factor 1.0005": Wrong(r"h_\theta(x) = 1.0005 \sum_{j=1}^{n} \theta_j x_j + b", NO_PRODUCT),
            "sum instead of product": Wrong(r"h_\theta(x) = \sum_{j=1}^{n} (\theta_j + x_j) + b"),
        },
    ),
    "B6": Row(
        before=(*SAMPLES, ROWS_ARE_SAMPLES, MODEL, r"J(\theta) = \frac{1}{m} \| X \theta + b \mathbf{1} - y \|_2^2"),
        right={
            "as printed": LOSS,
            "residual reversed": r"J(\theta) = \frac{1}{m} \sum_{i=1}^{m} \left( y^{(i)} - h_\theta(x^{(i)}) \right)^2",
        },
        wrong={
            "sign of the target": Wrong(
                r"J(\theta) = \frac{1}{m} \sum_{i=1}^{m} \left( h_\theta(x^{(i)}) + y^{(i)} \right)^2", NO_TARGETS
            ),
            "missing 1/m": Wrong(r"J(\theta) = \sum_{i=1}^{m} \left( h_\theta(x^{(i)}) - y^{(i)} \right)^2"),
            "1/n for 1/m": Wrong(r"J(\theta) = \frac{1}{n} \sum_{i=1}^{m} \left( h_\theta(x^{(i)}) - y^{(i)} \right)^2"),
            "1/(2m) for 1/m": Wrong(r"J(\theta) = \frac{1}{2m} \sum_{i=1}^{m} \left( h_\theta(x^{(i)}) - y^{(i)} \right)^2"),
            "wrong power": Wrong(r"J(\theta) = \frac{1}{m} \sum_{i=1}^{m} \left( h_\theta(x^{(i)}) - y^{(i)} \right)^3"),
            "range to m-1": Wrong(r"J(\theta) = \frac{1}{m} \sum_{i=1}^{m-1} \left( h_\theta(x^{(i)}) - y^{(i)} \right)^2"),
            "range from 2": Wrong(r"J(\theta) = \frac{1}{m} \sum_{i=2}^{m} \left( h_\theta(x^{(i)}) - y^{(i)} \right)^2"),
            "square of the sum": Wrong(
                r"J(\theta) = \frac{1}{m} \left( \sum_{i=1}^{m} \left( h_\theta(x^{(i)}) - y^{(i)} \right) \right)^2"
            ),
            "difference of squares": Wrong(
                r"J(\theta) = \frac{1}{m} \sum_{i=1}^{m} \left( h_\theta(x^{(i)})^2 - (y^{(i)})^2 \right)", NO_TARGETS
            ),
            "one sample for all": Wrong(r"J(\theta) = \frac{1}{m} \sum_{i=1}^{m} \left( h_\theta(x^{(1)}) - y^{(i)} \right)^2"),
            "factor 1.0005": Wrong(r"J(\theta) = \frac{1.0005}{m} \sum_{i=1}^{m} \left( h_\theta(x^{(i)}) - y^{(i)} \right)^2"),
        },
    ),
    "B8": Row(
        before=(*SAMPLES, MODEL, LOSS),
        right={
            "with the bias": IN_THETA + r"\frac{2}{m} \sum_{i=1}^{m} x^{(i)} \left( \theta^T x^{(i)} + b - y^{(i)} \right)",
            "through the model": IN_THETA + r"\frac{2}{m} \sum_{i=1}^{m} \left( h_\theta(x^{(i)}) - y^{(i)} \right) x^{(i)}",
            "in the bias": IN_B + r"\frac{2}{m} \sum_{i=1}^{m} \left( h_\theta(x^{(i)}) - y^{(i)} \right)",
            "by components": IN_THETA_J + r"\frac{2}{m} \sum_{i=1}^{m} x^{(i)}_j \left( h_\theta(x^{(i)}) - y^{(i)} \right)",
        },
        wrong={
            "as printed, bias dropped": Wrong(
                IN_THETA + r"\frac{2}{m} \sum_{i=1}^{m} x^{(i)} \left( \theta^T x^{(i)} - y^{(i)} \right)",
                NO_BIAS,
            ),
            "sign": Wrong(IN_THETA + r"-\frac{2}{m} \sum_{i=1}^{m} x^{(i)} \left( h_\theta(x^{(i)}) - y^{(i)} \right)"),
            "residual reversed": Wrong(
                IN_THETA + r"\frac{2}{m} \sum_{i=1}^{m} x^{(i)} \left( y^{(i)} - h_\theta(x^{(i)}) \right)"
            ),
            "missing factor 2": Wrong(
                IN_THETA + r"\frac{1}{m} \sum_{i=1}^{m} x^{(i)} \left( h_\theta(x^{(i)}) - y^{(i)} \right)"
            ),
            "missing 1/m": Wrong(IN_THETA + r"2 \sum_{i=1}^{m} x^{(i)} \left( h_\theta(x^{(i)}) - y^{(i)} \right)"),
            "2/n for 2/m": Wrong(IN_THETA + r"\frac{2}{n} \sum_{i=1}^{m} x^{(i)} \left( h_\theta(x^{(i)}) - y^{(i)} \right)"),
            "sign of the bias": Wrong(
                IN_THETA + r"\frac{2}{m} \sum_{i=1}^{m} x^{(i)} \left( \theta^T x^{(i)} - b - y^{(i)} \right)",
                NO_BIAS,
            ),
            "bias twice": Wrong(
                IN_THETA + r"\frac{2}{m} \sum_{i=1}^{m} x^{(i)} \left( \theta^T x^{(i)} + 2b - y^{(i)} \right)",
                NO_BIAS,
            ),
            "dropped target": Wrong(IN_THETA + r"\frac{2}{m} \sum_{i=1}^{m} x^{(i)} h_\theta(x^{(i)})", NO_TARGETS),
            "wrong variable": Wrong(IN_THETA + r"\frac{2}{m} \sum_{i=1}^{m} \theta \left( h_\theta(x^{(i)}) - y^{(i)} \right)"),
            "residual squared": Wrong(
                IN_THETA + r"\frac{2}{m} \sum_{i=1}^{m} x^{(i)} \left( h_\theta(x^{(i)}) - y^{(i)} \right)^2"
            ),
            "range to m-1": Wrong(
                IN_THETA + r"\frac{2}{m} \sum_{i=1}^{m-1} x^{(i)} \left( h_\theta(x^{(i)}) - y^{(i)} \right)"
            ),
            "factor 1.0005": Wrong(
                IN_THETA + r"\frac{2.001}{m} \sum_{i=1}^{m} x^{(i)} \left( h_\theta(x^{(i)}) - y^{(i)} \right)"
            ),
            "sum of products split": Wrong(
                IN_THETA + r"\frac{2}{m} \sum_{i=1}^{m} x^{(i)} \sum_{k=1}^{m} \left( h_\theta(x^{(k)}) - y^{(k)} \right)"
            ),
            "component fixed at 1": Wrong(
                IN_THETA_J + r"\frac{2}{m} \sum_{i=1}^{m} x^{(i)}_1 \left( h_\theta(x^{(i)}) - y^{(i)} \right)"
            ),
            "bias gradient, sign": Wrong(IN_B + r"-\frac{2}{m} \sum_{i=1}^{m} \left( h_\theta(x^{(i)}) - y^{(i)} \right)"),
            "bias gradient, missing 2": Wrong(IN_B + r"\frac{1}{m} \sum_{i=1}^{m} \left( h_\theta(x^{(i)}) - y^{(i)} \right)"),
        },
    ),
    "B9": Row(
        before=(*SAMPLES, r"\alpha > 0", MODEL, LOSS, r"g(\theta) = \theta - \alpha \nabla_\theta J(\theta)"),
        right={
            "written out": r"g(\theta) = \theta - \frac{2\alpha}{m} \sum_{i=1}^{m} x^{(i)} (\theta^T x^{(i)} + b - y^{(i)})",
        },
        wrong={
            "sign of the step": Wrong(
                r"g(\theta) = \theta + \frac{2\alpha}{m} \sum_{i=1}^{m} x^{(i)} \left( h_\theta(x^{(i)}) - y^{(i)} \right)"
            ),
            "missing rate": Wrong(
                r"g(\theta) = \theta - \frac{2}{m} \sum_{i=1}^{m} x^{(i)} \left( h_\theta(x^{(i)}) - y^{(i)} \right)",
                (r"\alpha = 1",),
            ),
            "missing factor 2": Wrong(
                r"g(\theta) = \theta - \frac{\alpha}{m} \sum_{i=1}^{m} x^{(i)} \left( h_\theta(x^{(i)}) - y^{(i)} \right)"
            ),
            "dropped bias": Wrong(
                r"g(\theta) = \theta - \frac{2\alpha}{m} \sum_{i=1}^{m} x^{(i)} \left( \theta^T x^{(i)} - y^{(i)} \right)",
                NO_BIAS,
            ),
        },
    ),
    "B10": Row(
        before=(
            *SAMPLES,
            ROWS_ARE_SAMPLES,
            r"J(\theta) = \frac{1}{m} \sum_{i=1}^{m} \left( \theta^T x^{(i)} - y^{(i)} \right)^2",
        ),
        right={
            "as printed": VECTORIZED,
            "norm": r"J(\theta) = \frac{1}{m} \| y - X\theta \|_2^2",
            "expanded": r"J(\theta) = \frac{1}{m} \left( \theta^T X^T X \theta - 2 y^T X \theta + y^T y \right)",
            "trace": r"J(\theta) = \frac{1}{m} \operatorname{tr}\left( (X\theta - y) (X\theta - y)^T \right)",
        },
        wrong={
            "sign of the target": Wrong(r"J(\theta) = \frac{1}{m} (X\theta + y)^T (X\theta + y)", NO_TARGETS),
            "one sign": Wrong(r"J(\theta) = \frac{1}{m} (X\theta - y)^T (X\theta + y)", NO_TARGETS),
            "dropped target": Wrong(r"J(\theta) = \frac{1}{m} (X\theta - y)^T X\theta", NO_TARGETS),
            "missing 1/m": Wrong(r"J(\theta) = (X\theta - y)^T (X\theta - y)"),
            "1/n for 1/m": Wrong(r"J(\theta) = \frac{1}{n} (X\theta - y)^T (X\theta - y)"),
            "1/(2m) for 1/m": Wrong(r"J(\theta) = \frac{1}{2m} (X\theta - y)^T (X\theta - y)"),
            "1/m squared": Wrong(r"J(\theta) = \frac{1}{m^2} (X\theta - y)^T (X\theta - y)"),
            "factor 1.0005": Wrong(r"J(\theta) = \frac{1.0005}{m} (X\theta - y)^T (X\theta - y)"),
            "norm not squared": Wrong(r"J(\theta) = \frac{1}{m} \| X\theta - y \|_2"),
            "sum norm": Wrong(r"J(\theta) = \frac{1}{m} \| X\theta - y \|_1^2"),
            "cross term once": Wrong(
                r"J(\theta) = \frac{1}{m} \left( \theta^T X^T X \theta - y^T X \theta + y^T y \right)", NO_TARGETS
            ),
            "cross term sign": Wrong(
                r"J(\theta) = \frac{1}{m} \left( \theta^T X^T X \theta + 2 y^T X \theta + y^T y \right)", NO_TARGETS
            ),
            "cross term dropped": Wrong(r"J(\theta) = \frac{1}{m} \left( \theta^T X^T X \theta + y^T y \right)", NO_TARGETS),
            "last term sign": Wrong(
                r"J(\theta) = \frac{1}{m} \left( \theta^T X^T X \theta - 2 y^T X \theta - y^T y \right)", NO_TARGETS
            ),
            "Gram matrix dropped": Wrong(
                r"J(\theta) = \frac{1}{m} \left( \theta^T \theta - 2 y^T X \theta + y^T y \right)", ORTHONORMAL
            ),
        },
    ),
    "B11": Row(
        before=(MATRICES, VECTORIZED),
        right={
            "as printed": r"\nabla_\theta J(\theta) = \frac{2}{m} X^T (X\theta - y)",
            "two signs": r"\nabla_\theta J(\theta) = -\frac{2}{m} X^T (y - X\theta)",
            "multiplied out": r"\nabla_\theta J(\theta) = \frac{2}{m} X^T X \theta - \frac{2}{m} X^T y",
            "Hessian": r"\nabla_\theta^2 J(\theta) = \frac{2}{m} X^T X",
        },
        wrong={
            "sign": Wrong(r"\nabla_\theta J(\theta) = -\frac{2}{m} X^T (X\theta - y)"),
            "residual reversed": Wrong(r"\nabla_\theta J(\theta) = \frac{2}{m} X^T (y - X\theta)"),
            "missing factor 2": Wrong(r"\nabla_\theta J(\theta) = \frac{1}{m} X^T (X\theta - y)"),
            "missing 1/m": Wrong(r"\nabla_\theta J(\theta) = 2 X^T (X\theta - y)"),
            "factor 4": Wrong(r"\nabla_\theta J(\theta) = \frac{4}{m} X^T (X\theta - y)"),
            "2/n for 2/m": Wrong(r"\nabla_\theta J(\theta) = \frac{2}{n} X^T (X\theta - y)"),
            "2/m squared": Wrong(r"\nabla_\theta J(\theta) = \frac{2}{m^2} X^T (X\theta - y)"),
            "factor 1.0005": Wrong(r"\nabla_\theta J(\theta) = 1.0005 \cdot \frac{2}{m} X^T (X\theta - y)"),
            "sign of the target": Wrong(r"\nabla_\theta J(\theta) = \frac{2}{m} X^T (X\theta + y)", NO_TARGETS),
            "dropped target": Wrong(r"\nabla_\theta J(\theta) = \frac{2}{m} X^T X\theta", NO_TARGETS),
            "dropped weights": Wrong(r"\nabla_\theta J(\theta) = -\frac{2}{m} X^T y"),
            "Gram matrix dropped": Wrong(r"\nabla_\theta J(\theta) = \frac{2}{m} (\theta - X^T y)", ORTHONORMAL),
            "Gram matrix twice": Wrong(r"\nabla_\theta J(\theta) = \frac{2}{m} X^T X X^T (X\theta - y)", ORTHONORMAL),
            "spurious penalty": Wrong(r"\nabla_\theta J(\theta) = \frac{2}{m} X^T (X\theta - y) + \theta"),
            "factor on one term": Wrong(r"\nabla_\theta J(\theta) = \frac{2}{m} X^T X \theta - \frac{1}{m} X^T y", NO_TARGETS),
            "Hessian, missing 2": Wrong(r"\nabla_\theta^2 J(\theta) = \frac{1}{m} X^T X"),
            "Hessian, missing 1/m": Wrong(r"\nabla_\theta^2 J(\theta) = 2 X^T X"),
            "Hessian, sign": Wrong(r"\nabla_\theta^2 J(\theta) = -\frac{2}{m} X^T X"),
        },
    ),
    "B11-square": Row(
        before=(SQUARE, VECTORIZED_SQUARE),
        right={"as printed": r"\nabla_\theta J(\theta) = \frac{2}{n} X^T (X\theta - y)"},
        wrong={
            "X for its transpose": Wrong(r"\nabla_\theta J(\theta) = \frac{2}{n} X (X\theta - y)", ("X = X^\\top",)),
            "transpose for X": Wrong(r"\nabla_\theta J(\theta) = \frac{2}{n} X^T (X^T\theta - y)", ("X = X^\\top",)),
            "factors swapped": Wrong(r"\nabla_\theta J(\theta) = \frac{2}{n} (X X^T \theta - X^T y)", ("X = X^\\top",)),
            "Hessian, factors swapped": Wrong(r"\nabla_\theta^2 J(\theta) = \frac{2}{n} X X^T", ("X = X^\\top",)),
            "Hessian, no transpose": Wrong(r"\nabla_\theta^2 J(\theta) = \frac{2}{n} X X", ("X = X^\\top",)),
        },
    ),
    "B12": Row(
        before=(MATRICES, VECTORIZED, ARGMIN),
        right={
            "as printed": r"\theta^* = (X^T X)^{-1} X^T y",
            "grouped": r"\theta^* = (X^T X)^{-1} (X^T y)",
            "scaled": r"\theta^* = \left( \frac{1}{m} X^T X \right)^{-1} \frac{1}{m} X^T y",
        },
        wrong={
            "missing inverse": Wrong(r"\theta^* = X^T X X^T y", (*NO_TARGETS, *ORTHONORMAL)),
            "Gram matrix missing": Wrong(r"\theta^* = X^T y", (*NO_TARGETS, *ORTHONORMAL)),
            "inverse twice": Wrong(r"\theta^* = (X^T X)^{-1} (X^T X)^{-1} X^T y", (*NO_TARGETS, *ORTHONORMAL)),
            "sign": Wrong(r"\theta^* = -(X^T X)^{-1} X^T y", NO_TARGETS),
            "factor 2": Wrong(r"\theta^* = 2 (X^T X)^{-1} X^T y", NO_TARGETS),
            "spurious 1/m": Wrong(r"\theta^* = \frac{1}{m} (X^T X)^{-1} X^T y", NO_TARGETS),
            "factor 1.0005": Wrong(r"\theta^* = 1.0005 (X^T X)^{-1} X^T y", NO_TARGETS),
            "ridge in place of least squares": Wrong(r"\theta^* = (X^T X + I)^{-1} X^T y", NO_TARGETS),
            "1/m inside the inverse": Wrong(r"\theta^* = \left( \frac{1}{m} X^T X \right)^{-1} X^T y", NO_TARGETS),
            "wrong variable": Wrong(r"\theta^* = (X^T X)^{-1} X^T X \theta", (r"y = X \theta",)),
            "shifted by the weights": Wrong(r"\theta^* = (X^T X)^{-1} X^T y + \theta", (r"\theta = 0",)),
        },
    ),
    "B12-square": Row(
        before=(SQUARE, r"X \text{ invertible}", VECTORIZED_SQUARE, ARGMIN),
        right={"as printed": r"\theta^* = (X^T X)^{-1} X^T y", "inverse": r"\theta^* = X^{-1} y"},
        wrong={
            "inverse of the other Gram matrix": Wrong(r"\theta^* = (X X^T)^{-1} X^T y", (*NO_TARGETS, "X = X^\\top")),
            "X for its transpose": Wrong(r"\theta^* = (X^T X)^{-1} X y", (*NO_TARGETS, "X = X^\\top")),
            "inverse transpose": Wrong(r"\theta^* = X^{-T} y", (*NO_TARGETS, "X = X^\\top")),
            "order swapped": Wrong(r"\theta^* = X^T (X^T X)^{-1} y", (*NO_TARGETS, "X = X^\\top")),
        },
    ),
    "B7": Row(
        before=(MATRICES, VECTORIZED, r"\theta^* = \arg\max_\theta J(\theta)"),
        wrong={"maximum for minimum": Wrong(r"\theta^* = (X^T X)^{-1} X^T y")},
    ),
    "A1": Row(
        before=(*DESCENT, r"g(\theta) = \theta - \eta \nabla L(\theta)", r"u = (X^T X)^{-1} X^T y"),
        right={
            "written out": r"g(\theta) = \theta - \frac{2\eta}{n} X^T (X\theta - y)",
            "contraction": r"g(\theta) - u = \left( I - \frac{2\eta}{n} X^T X \right) (\theta - u)",
            "fixed point": r"g(u) = u",
        },
        wrong={
            "sign of the step": Wrong(r"g(\theta) = \theta + \frac{2\eta}{n} X^T (X\theta - y)", FITTED),
            "residual reversed": Wrong(r"g(\theta) = \theta - \frac{2\eta}{n} X^T (y - X\theta)", FITTED),
            "missing rate": Wrong(r"g(\theta) = \theta - \frac{2}{n} X^T (X\theta - y)", (r"\eta = 1", *FITTED)),
            "rate squared": Wrong(r"g(\theta) = \theta - \frac{2\eta^2}{n} X^T (X\theta - y)", (r"\eta = 1", *FITTED)),
            "missing 1/n": Wrong(r"g(\theta) = \theta - 2 \eta X^T (X\theta - y)", FITTED),
            "missing factor 2": Wrong(r"g(\theta) = \theta - \frac{\eta}{n} X^T (X\theta - y)", FITTED),
            "dropped weights": Wrong(r"g(\theta) = -\frac{2\eta}{n} X^T (X\theta - y)", (r"\theta = 0",)),
            "factor 1.0005": Wrong(r"g(\theta) = \theta - \frac{2.001 \eta}{n} X^T (X\theta - y)", FITTED),
            "contraction, sign": Wrong(r"g(\theta) - u = \left( I + \frac{2\eta}{n} X^T X \right) (\theta - u)"),
            "contraction, missing 2": Wrong(r"g(\theta) - u = \left( I - \frac{\eta}{n} X^T X \right) (\theta - u)"),
        },
    ),
    "A1-recurrence": Row(
        before=(*DESCENT, r"\theta_{t+1} = \theta_t - \eta \nabla L(\theta_t)"),
        right={"written out": r"\theta_{t+1} = \theta_t - \frac{2\eta}{n} X^T (X\theta_t - y)"},
        wrong={
            "sign of the step": Wrong(r"\theta_{t+1} = \theta_t + \frac{2\eta}{n} X^T (X\theta_t - y)", FITTED),
            "missing factor 2": Wrong(r"\theta_{t+1} = \theta_t - \frac{\eta}{n} X^T (X\theta_t - y)", FITTED),
        },
    ),
    "A3": Row(
        before=(EXAMPLES, PREDICTION, r"MSE = \frac{1}{n} \| y - X w - b \mathbf{1} \|_2^2"),
        right={
            "as printed": MSE,
            "residual reversed": r"MSE = \frac{1}{n} \sum_{i=1}^{n} (\hat{y}_i - y_i)^2",
            "inner product": r"MSE = \frac{1}{n} (y - \hat{y})^\top (y - \hat{y})",
        },
        wrong={
            "sign of the prediction": Wrong(r"MSE = \frac{1}{n} \sum_{i=1}^{n} (y_i + \hat{y}_i)^2", NO_TARGETS),
            "missing 1/n": Wrong(r"MSE = \sum_{i=1}^{n} (y_i - \hat{y}_i)^2"),
            "1/d for 1/n": Wrong(r"MSE = \frac{1}{d} \sum_{i=1}^{n} (y_i - \hat{y}_i)^2"),
            "range from 2": Wrong(r"MSE = \frac{1}{n} \sum_{i=2}^{n} (y_i - \hat{y}_i)^2"),
            "range to n-1": Wrong(r"MSE = \frac{1}{n} \sum_{i=1}^{n-1} (y_i - \hat{y}_i)^2"),
            "wrong power": Wrong(r"MSE = \frac{1}{n} \sum_{i=1}^{n} (y_i - \hat{y}_i)"),
            "square of the sum": Wrong(r"MSE = \frac{1}{n} \left( \sum_{i=1}^{n} (y_i - \hat{y}_i) \right)^2"),
            "difference of squares": Wrong(r"MSE = \frac{1}{n} \sum_{i=1}^{n} (y_i^2 - \hat{y}_i^2)"),
            "factor 1.0005": Wrong(r"MSE = \frac{1.0005}{n} \sum_{i=1}^{n} (y_i - \hat{y}_i)^2"),
            "index fixed at 1": Wrong(r"MSE = \frac{1}{n} \sum_{i=1}^{n} (y_i - \hat{y}_1)^2", NO_WEIGHTS),
        },
    ),
    "A3-gradients": Row(
        before=(EXAMPLES, PREDICTION, MSE),
        right={
            "in the weights": r"\frac{\partial MSE}{\partial w} = \frac{2}{n} X^\top (\hat{y} - y)",
            "by components": r"\frac{\partial MSE}{\partial w_j} = -\frac{2}{n} \sum_{i=1}^{n} X_{ij} (y_i - \hat{y}_i)",
            "in the bias": r"\frac{\partial MSE}{\partial b} = \frac{2}{n} \sum_{i=1}^{n} (\hat{y}_i - y_i)",
        },
        wrong={
            "sign": Wrong(r"\frac{\partial MSE}{\partial w} = \frac{2}{n} X^\top (y - \hat{y})"),
            "missing factor 2": Wrong(r"\frac{\partial MSE}{\partial w} = \frac{1}{n} X^\top (\hat{y} - y)"),
            "2/d for 2/n": Wrong(r"\frac{\partial MSE}{\partial w} = \frac{2}{d} X^\top (\hat{y} - y)"),
            "dropped bias": Wrong(r"\frac{\partial MSE}{\partial w} = \frac{2}{n} X^\top (X w - y)", NO_BIAS),
            "component, row fixed at 1": Wrong(
                r"\frac{\partial MSE}{\partial w_j} = -\frac{2}{n} \sum_{i=1}^{n} X_{1j} (y_i - \hat{y}_i)"
            ),
            "bias, missing 1/n": Wrong(r"\frac{\partial MSE}{\partial b} = 2 \sum_{i=1}^{n} (\hat{y}_i - y_i)"),
            "bias, sign": Wrong(r"\frac{\partial MSE}{\partial b} = \frac{2}{n} \sum_{i=1}^{n} (y_i - \hat{y}_i)"),
        },
    ),
    "A4": Row(
        before=(EXAMPLES, r"\hat{y} = X w + b \mathbf{1}"),
        right={"as printed": PREDICTION, "swapped": r"\hat{y}_i = b + \sum_{k=1}^{d} w_k X_{ik}"},
        wrong={
            "sign of the bias": Wrong(r"\hat{y}_i = \sum_{j=1}^{d} X_{ij} w_j - b", NO_BIAS),
            "dropped bias": Wrong(r"\hat{y}_i = \sum_{j=1}^{d} X_{ij} w_j", NO_BIAS),
            "bias inside the sum": Wrong(r"\hat{y}_i = \sum_{j=1}^{d} (X_{ij} w_j + b)", NO_BIAS),
            "range from 2": Wrong(r"\hat{y}_i = \sum_{j=2}^{d} X_{ij} w_j + b", NO_WEIGHTS),
            "range to d-1": Wrong(r"\hat{y}_i = \sum_{j=1}^{d-1} X_{ij} w_j + b", NO_WEIGHTS),
            "wrong power": Wrong(r"\hat{y}_i = \sum_{j=1}^{d} X_{ij} w_j^2 + b", NO_WEIGHTS),
            "row fixed at 1": Wrong(r"\hat{y}_i = \sum_{j=1}^{d} X_{1j} w_j + b", NO_WEIGHTS),
            "column fixed at 1": Wrong(r"\hat{y}_i = \sum_{j=1}^{d} X_{i1} w_j + b", NO_WEIGHTS),
            "factor 1.0005": Wrong(r"\hat{y}_i = 1.0005 \sum_{j=1}^{d} X_{ij} w_j + b", NO_WEIGHTS),
        },
    ),
    "A4-matrix": Row(
        before=(EXAMPLES, PREDICTION),
        right={"matrix form": r"\hat{y} = X w + b \mathbf{1}"},
        wrong={
            "sign of the bias": Wrong(r"\hat{y} = X w - b \mathbf{1}", NO_BIAS),
            "bias on the weights": Wrong(r"\hat{y} = b X w"),
            "factor on the bias": Wrong(r"\hat{y} = X w + 2 b \mathbf{1}", NO_BIAS),
        },
    ),
}

# Sizes that do not fit: not even a claim. (row, claim)
MISSHAPEN = {
    "gradient with X for its transpose": ("B11", r"\nabla_\theta J(\theta) = \frac{2}{m} X (X\theta - y)"),
    "gradient without the transposed factor": ("B11", r"\nabla_\theta J(\theta) = \frac{2}{m} (X\theta - y)"),
    "Hessian with the factors swapped": ("B11", r"\nabla_\theta^2 J(\theta) = \frac{2}{m} X X^T"),
    "normal equation with X for its transpose": ("B12", r"\theta^* = (X^T X)^{-1} X y"),
    "inverse of the other Gram matrix": ("B12", r"\theta^* = (X X^T)^{-1} X^T y"),
    "order swapped": ("B12", r"\theta^* = X^T (X^T X)^{-1} y"),
    "indices transposed": ("A4", r"\hat{y}_i = \sum_{j=1}^{d} X_{ji} w_j + b"),
    "vector equal to a number": ("B11", r"\nabla_\theta J(\theta) = \frac{2}{m} (X\theta - y)^T (X\theta - y)"),
}

ALL_WRONG = tuple((row, defect) for row, cases in ROWS.items() for defect in cases.wrong)
ALL_RIGHT = tuple((row, name) for row, cases in ROWS.items() for name in cases.right)
