r"""Matrices, their inverses, determinants and derivatives: what is right, and the mistakes that books print in its place.

Takes: nothing. Gives: the topics of this field. Guarantees: data only; every label was checked by hand.
"""

from __future__ import annotations

from errata_topic import Topic

MATRICES: dict[str, Topic] = {
    "Jacobians of linear maps": Topic(
        (r"A \in \mathbb{R}^{m \times n}, \quad x \in \mathbb{R}^n, \quad y(x) = A x",),
        (r"\frac{\partial y}{\partial x^\top} = A",),
        (
            r"\frac{\partial y}{\partial x^\top} = 2 A",
            r"\frac{\partial y}{\partial x^\top} = A^\top",
        ),
    ),
    "Jacobians of square maps": Topic(
        (r"A \in \mathbb{R}^{n \times n}, \quad x \in \mathbb{R}^n, \quad y(x) = A x",),
        (r"\frac{\partial y}{\partial x^\top} = A",),
        (
            r"\frac{\partial y}{\partial x^\top} = A^\top",
            r"\frac{\partial y}{\partial x^\top} = \frac{1}{2} (A + A^\top)",
        ),
    ),
    "quadratic forms": Topic(
        (r"A \in \mathbb{R}^{n \times n}, \quad x, b \in \mathbb{R}^n, \quad f(x) = x^\top A x + b^\top x",),
        (
            r"\nabla f(x) = (A + A^\top) x + b",
            r"\nabla^2 f(x) = A + A^\top",
            r"x^\top A x = \frac{1}{2} x^\top (A + A^\top) x",
            r"x^\top A x = \operatorname{tr}(A x x^\top)",
        ),
        (
            r"\nabla f(x) = 2 A x + b",
            r"\nabla f(x) = (A + A^\top) x + b^\top x",
            r"\nabla^2 f(x) = 2 A",
            r"\nabla^2 f(x) = A^\top A",
            r"x^\top A x = \operatorname{tr}(A) x^\top x",
        ),
    ),
    "log-determinants": Topic(
        (r"X \in \mathbb{R}^{n \times n}, \quad \det X > 0, \quad f(X) = \log \det X",),
        (
            r"\frac{\partial f}{\partial X} = X^{-\top}",
            r"\frac{\partial f}{\partial X} = (X^{-1})^\top",
        ),
        (
            r"\frac{\partial f}{\partial X} = X^{-1}",
            r"\frac{\partial f}{\partial X} = 2 X^{-1} - I",
            r"\frac{\partial f}{\partial X} = \det(X) X^{-\top}",
        ),
    ),
    "the inverse": Topic(
        (r"A, B \in \mathbb{R}^{n \times n}, \quad A \text{ invertible}, \quad B \text{ invertible}",),
        (
            r"(A B)^{-1} = B^{-1} A^{-1}",
            r"(A^{-1})^\top = (A^\top)^{-1}",
            r"A^{-1} - B^{-1} = A^{-1} (B - A) B^{-1}",
            r"(2 A)^{-1} = \frac{1}{2} A^{-1}",
            r"\det(A^{-1} B A) = \det B",
        ),
        (
            r"(A B)^{-1} = A^{-1} B^{-1}",
            r"A^{-1} - B^{-1} = A^{-1} (A - B) B^{-1}",
            r"(2 A)^{-1} = 2 A^{-1}",
            r"\det(2 A) = 2 \det A",
            r"\operatorname{tr}(A B) = \operatorname{tr}(A) \operatorname{tr}(B)",
            r"A^{-1} B A = B",
        ),
    ),
    "Woodbury": Topic(
        (
            r"A \in \mathbb{R}^{n \times n}, \quad U, V \in \mathbb{R}^{n \times k}",
            r"A \text{ invertible}",
            r"I_k + V^\top A^{-1} U \text{ invertible}, \quad A + U V^\top \text{ invertible}",
        ),
        (r"(A + U V^\top)^{-1} = A^{-1} - A^{-1} U (I_k + V^\top A^{-1} U)^{-1} V^\top A^{-1}",),
        (
            r"(A + U V^\top)^{-1} = A^{-1} + A^{-1} U (I_k + V^\top A^{-1} U)^{-1} V^\top A^{-1}",
            r"(A + U V^\top)^{-1} = A^{-1} - A^{-1} U (I_k - V^\top A^{-1} U)^{-1} V^\top A^{-1}",
            r"(A + U V^\top)^{-1} = A^{-1} - U (I_k + V^\top A^{-1} U)^{-1} V^\top",
        ),
    ),
    "rank one": Topic(
        (r"u, v \in \mathbb{R}^n, \quad 1 + v^\top u \ne 0",),
        (
            r"(I + u v^\top)^{-1} = I - \frac{u v^\top}{1 + v^\top u}",
            r"\det(I + u v^\top) = 1 + v^\top u",
            r"\operatorname{tr}(u v^\top) = v^\top u",
        ),
        (
            r"(I + u v^\top)^{-1} = I - \frac{v u^\top}{1 + v^\top u}",
            r"(I + u v^\top)^{-1} = I + \frac{u v^\top}{1 + v^\top u}",
            r"\det(I + u v^\top) = 1 - v^\top u",
            r"\det(I + u v^\top) = v^\top u",
        ),
    ),
    "trace derivatives": Topic(
        (
            r"A \in \mathbb{R}^{p \times n}, \quad B \in \mathbb{R}^{m \times p}",
            r"X \in \mathbb{R}^{n \times m}, \quad g(X) = \operatorname{tr}(A X B)",
        ),
        (
            r"\frac{\partial g}{\partial X} = A^\top B^\top",
            r"\operatorname{tr}(A X B) = \operatorname{tr}(B A X)",
        ),
        (
            r"\frac{\partial g}{\partial X} = (A B)^\top",
            r"\frac{\partial g}{\partial X} = 2 A^\top B^\top",
        ),
    ),
    "Frobenius norms": Topic(
        (
            r"A \in \mathbb{R}^{m \times n}, \quad X \in \mathbb{R}^{n \times k}",
            r"Y \in \mathbb{R}^{m \times k}, \quad h(X) = \|A X - Y\|_F^2",
        ),
        (
            r"\frac{\partial h}{\partial X} = 2 A^\top (A X - Y)",
            r"\|A X - Y\|_F^2 = \|A X\|_F^2 - 2 \operatorname{tr}(Y^\top A X) + \|Y\|_F^2",
        ),
        (
            r"\frac{\partial h}{\partial X} = A^\top (A X - Y)",
            r"\frac{\partial h}{\partial X} = -2 A^\top (A X - Y)",
            r"\|A X - Y\|_F^2 = \|A X\|_F^2 + \|Y\|_F^2",
            r"\|A X - Y\|_F^2 = \|A X\|_F^2 - \operatorname{tr}(Y^\top A X) + \|Y\|_F^2",
        ),
    ),
    "ridge regression": Topic(
        (
            r"X \in \mathbb{R}^{m \times n}, \quad y \in \mathbb{R}^m, \quad w \in \mathbb{R}^n",
            r"\lambda > 0",
            r"J(w) = \|X w - y\|^2 + \lambda \|w\|^2",
        ),
        (
            r"\nabla J(w) = 2 X^\top (X w - y) + 2 \lambda w",
            r"\nabla^2 J(w) = 2 (X^\top X + \lambda I)",
            r"(X^\top X + \lambda I)^{-1} X^\top = X^\top (X X^\top + \lambda I)^{-1}",
        ),
        (
            r"\nabla J(w) = 2 X (X w - y) + 2 \lambda w",
            r"\nabla J(w) = 2 X^\top (X w - y) + \lambda w",
            r"\nabla^2 J(w) = 2 X^\top X + \lambda I",
            r"\nabla^2 J(w) = 2 (X X^\top + \lambda I)",
            r"(X^\top X + \lambda I)^{-1} X^\top = X^\top (X X^\top - \lambda I)^{-1}",
        ),
    ),
    "projections": Topic(
        (
            r"A \in \mathbb{R}^{m \times n}, \quad A^\top A \text{ invertible}",
            r"P = A (A^\top A)^{-1} A^\top",
        ),
        (
            r"P P = P",
            r"P^\top = P",
            r"P A = A",
            r"\operatorname{tr}(P) = n",
            r"(I - P) A = 0",
        ),
        (
            r"P P = I",
            r"P A = A^\top",
            r"\operatorname{tr}(P) = m",
            r"P^2 = 2 P",
            r"(I - P)^2 = I + P",
        ),
    ),
    "Hadamard and diagonal": Topic(
        (r"u, v \in \mathbb{R}^n, \quad A \in \mathbb{R}^{n \times n}",),
        (
            r"\operatorname{diag}(u) v = u \odot v",
            r"u^\top (v \odot v) = v^\top \operatorname{diag}(u) v",
            r"\operatorname{diag}(u) \operatorname{diag}(v) = \operatorname{diag}(v) \operatorname{diag}(u)",
        ),
        (
            r"\operatorname{diag}(u) v = u v^\top v",
            r"\operatorname{diag}(u) A = A \operatorname{diag}(u)",
            r"u^\top v = u \odot v",
            r"u^\top (v \odot v) = (u^\top v)^2",
        ),
    ),
    "Kronecker products": Topic(
        (r"A, B, X \in \mathbb{R}^{n \times n}",),
        (
            r"\operatorname{vec}(A X B) = (B^\top \otimes A) \operatorname{vec}(X)",
            r"(A \otimes B)^\top = A^\top \otimes B^\top",
            r"\operatorname{tr}(A \otimes B) = \operatorname{tr}(A) \operatorname{tr}(B)",
        ),
        (
            r"\operatorname{vec}(A X B) = (B \otimes A) \operatorname{vec}(X)",
            r"\operatorname{vec}(A X B) = (A \otimes B^\top) \operatorname{vec}(X)",
            r"(A \otimes B)^\top = B^\top \otimes A^\top",
            r"A \otimes B = B \otimes A",
        ),
    ),
    "matrix quadratic": Topic(
        (
            r"A \in \mathbb{R}^{n \times n}, \quad B \in \mathbb{R}^{m \times m}",
            r"X \in \mathbb{R}^{n \times m}",
            r"f(X) = \operatorname{tr}(X^\top A X B)",
        ),
        (r"\frac{\partial f}{\partial X} = A X B + A^\top X B^\top",),
        (
            r"\frac{\partial f}{\partial X} = 2 A X B",
            r"\frac{\partial f}{\partial X} = A X B + A^\top X B",
            r"\frac{\partial f}{\partial X} = A X B - A^\top X B^\top",
            r"\frac{\partial f}{\partial X} = A^\top X B + A X B^\top",
        ),
    ),
    "bilinear inverse": Topic(
        (
            r"X \in \mathbb{R}^{n \times n}, \quad a, b \in \mathbb{R}^n, \quad X \text{ invertible}",
            r"f(X) = a^\top X^{-1} b",
        ),
        (r"\frac{\partial f}{\partial X} = -X^{-\top} a b^\top X^{-\top}",),
        (
            r"\frac{\partial f}{\partial X} = -X^{-1} a b^\top X^{-1}",
            r"\frac{\partial f}{\partial X} = X^{-\top} a b^\top X^{-\top}",
            r"\frac{\partial f}{\partial X} = -X^{-\top} b a^\top X^{-\top}",
        ),
    ),
    "determinants": Topic(
        (r"X \in \mathbb{R}^{n \times n}, \quad X \text{ invertible}",),
        (
            r"\frac{\partial \det X}{\partial X} = \det(X) X^{-\top}",
            r"\det(X^\top X) = \det(X)^2",
            r"\det(X^{-1}) = \frac{1}{\det X}",
            r"\frac{\partial}{\partial X} \det(X)^2 = 2 \det(X)^2 X^{-\top}",
        ),
        (
            r"\frac{\partial \det X}{\partial X} = \det(X) X^{-1}",
            r"\frac{\partial \det X}{\partial X} = X^{-\top}",
            r"\det(X + X) = 2 \det X",
            r"\frac{\partial}{\partial X} \det(X)^2 = 2 \det(X) X^{-\top}",
            r"\det(X + I) = \det X + 1",
        ),
    ),
    "logdet gram": Topic(
        (
            r"X \in \mathbb{R}^{m \times n}, \quad X^\top X \text{ invertible}",
            r"f(X) = \log \det (X^\top X)",
        ),
        (r"\frac{\partial f}{\partial X} = 2 X (X^\top X)^{-1}",),
        (
            r"\frac{\partial f}{\partial X} = X (X^\top X)^{-1}",
            r"\frac{\partial f}{\partial X} = 2 (X^\top X)^{-1} X^\top",
        ),
    ),
    "symmetric logdet": Topic(
        (
            r"S \in \mathbb{S}^n_{++}, \quad x \in \mathbb{R}^n",
            r"f(S) = \log \det S + x^\top S^{-1} x",
        ),
        (r"\frac{\partial f}{\partial S} = S^{-1} - S^{-1} x x^\top S^{-1}",),
        (
            r"\frac{\partial f}{\partial S} = S^{-1} + S^{-1} x x^\top S^{-1}",
            r"\frac{\partial f}{\partial S} = S^{-1} - x x^\top",
            r"\frac{\partial f}{\partial S} = 2 S^{-1} - S^{-1} x x^\top S^{-1}",
            r"\frac{\partial f}{\partial S} = S - x x^\top",
        ),
    ),
    "rank one general": Topic(
        (
            r"A \in \mathbb{R}^{n \times n}, \quad u, v \in \mathbb{R}^n, \quad A \text{ invertible}",
            r"n \ge 1, \quad 1 + v^\top A^{-1} u \ne 0",
        ),
        (
            r"(A + u v^\top)^{-1} = A^{-1} - \frac{A^{-1} u v^\top A^{-1}}{1 + v^\top A^{-1} u}",
            r"\det(A + u v^\top) = \det(A) (1 + v^\top A^{-1} u)",
        ),
        (
            r"(A + u v^\top)^{-1} = A^{-1} + \frac{A^{-1} u v^\top A^{-1}}{1 + v^\top A^{-1} u}",
            r"(A + u v^\top)^{-1} = A^{-1} - \frac{A^{-1} u v^\top A^{-1}}{1 - v^\top A^{-1} u}",
            r"(A + u v^\top)^{-1} = A^{-1} - \frac{A^{-1} u v^\top A^{-1}}{v^\top A^{-1} u}",
            r"\det(A + u v^\top) = \det(A) + v^\top A^{-1} u",
        ),
    ),
    "least squares": Topic(
        (
            r"X \in \mathbb{R}^{m \times n}, \quad y \in \mathbb{R}^m, \quad w \in \mathbb{R}^n",
            r"X^\top X \text{ invertible}",
            r"J(w) = \frac{1}{2 m} \|X w - y\|^2",
            r"\hat{w} = \arg\min_w J(w)",
        ),
        (r"\hat{w} = (X^\top X)^{-1} X^\top y",),
        (
            r"\hat{w} = X^\top y",
            r"\hat{w} = (X X^\top)^{-1} X^\top y",
            r"\hat{w} = (X^\top X)^{-1} X y",
            r"\hat{w} = \frac{1}{m} (X^\top X)^{-1} X^\top y",
        ),
    ),
    "kalman": Topic(
        (
            r"P, R \in \mathbb{S}^n_{++}",
            r"K = P (P + R)^{-1}",
        ),
        (
            r"(I - K) P = P - K P",
            r"(I - K) P (I - K)^\top + K R K^\top = (I - K) P",
            r"(P^{-1} + R^{-1})^{-1} = (I - K) P",
            r"(P^{-1} + R^{-1})^{-1} = P (P + R)^{-1} R",
        ),
        (
            r"(I - K) P (I - K)^\top + K R K^\top = (I + K) P",
            r"(P^{-1} + R^{-1})^{-1} = P + R",
            r"(I - K) P (I - K)^\top = (I - K) P",
            r"K = (P + R)^{-1} P",
            r"(P^{-1} + R^{-1})^{-1} = (P + R)^{-1}",
        ),
    ),
    "block": Topic(
        (
            r"A \in \mathbb{R}^{n \times n}, \quad D \in \mathbb{R}^{m \times m}, \quad B \in \mathbb{R}^{n \times m}",
            r"A \text{ invertible}, \quad D \text{ invertible}, \quad K = \begin{pmatrix} A & B \\ 0 & D \end{pmatrix}",
        ),
        (
            r"\det K = \det(A) \det(D)",
            r"K^{-1} = \begin{pmatrix} A^{-1} & -A^{-1} B D^{-1} \\ 0 & D^{-1} \end{pmatrix}",
        ),
        (
            r"\det K = \det(A) + \det(D)",
            r"K^{-1} = \begin{pmatrix} A^{-1} & A^{-1} B D^{-1} \\ 0 & D^{-1} \end{pmatrix}",
            r"K^{-1} = \begin{pmatrix} A^{-1} & 0 \\ 0 & D^{-1} \end{pmatrix}",
        ),
    ),
    "powers": Topic(
        (r"x > 0, \quad a \in \mathbb{R}, \quad b \in \mathbb{R}, \quad y > 0",),
        (
            r"x^a x^b = x^{a + b}",
            r"(x^a)^b = x^{a b}",
            r"\frac{d}{dx} x^a = a x^{a-1}",
            r"\frac{d}{dx} x^x = x^x (1 + \log x)",
            r"\sqrt{x y} = \sqrt{x} \sqrt{y}",
            r"\frac{d}{dx} \sqrt{x} = \frac{1}{2 \sqrt{x}}",
            r"\log_{10} x = \frac{\ln x}{\ln 10}",
        ),
        (
            r"x^a x^b = x^{a b}",
            r"x^a + x^b = x^{a + b}",
            r"(x^a)^b = x^{a^b}",
            r"\frac{d}{dx} x^x = x x^{x - 1}",
            r"\sqrt{x + y} = \sqrt{x} + \sqrt{y}",
            r"\frac{d}{dx} \sqrt{x} = \frac{1}{\sqrt{x}}",
            r"\log_{10} x = \ln x \ln 10",
            r"\frac{d}{dx} \log_{10} x = \frac{1}{x}",
            r"\frac{d}{dx} \log_2 x = \frac{\ln 2}{x}",
        ),
    ),
    "matrix powers": Topic(
        (r"A \in \mathbb{R}^{n \times n}, \quad X \in \mathbb{R}^{n \times n}",),
        (
            r"\frac{\partial}{\partial X} \operatorname{tr}(X^3) = 3 (X^2)^\top",
            r"A^2 A^3 = A^5",
            r"\operatorname{tr}(A^2) = \sum_{i=1}^n \sum_{j=1}^n A_{ij} A_{ji}",
            r"(I - A) (I + A + A^2) = I - A^3",
        ),
        (
            r"\frac{\partial}{\partial X} \operatorname{tr}(X^3) = 3 X^2",
            r"\operatorname{tr}(A^2) = \operatorname{tr}(A)^2",
            r"\operatorname{tr}(A^2) = \|A\|_F^2",
            r"(I - A) (I + A + A^2) = I + A^3",
            r"A^2 A^3 = A^6",
            r"(A + I)^2 = A^2 + A + I",
        ),
    ),
}
