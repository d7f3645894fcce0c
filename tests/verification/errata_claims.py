r"""Takes: nothing. Gives: `TOPICS`: what is declared, claims that are true, and the mistakes that books print in their place.
Guarantees: data only; every label was checked by hand, and a test checks it once more with exact numbers.

Each claim is a line of its own under the same declarations. The mistakes: a transposed Jacobian, the derivative of the
log-determinant of a symmetric matrix, signs in Woodbury, lost factors, bounds off by one, means of functions.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    given: tuple[str, ...]
    true: tuple[str, ...]
    false: tuple[str, ...]


TOPICS: dict[str, Topic] = {
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
    "the softmax": Topic(
        (
            r"z \in \mathbb{R}^K, \quad i, j = 1, \dots, K",
            r"p_i = \frac{e^{z_i}}{\sum_{k=1}^K e^{z_k}}",
        ),
        (
            r"\sum_{i=1}^K p_i = 1",
            r"\frac{\partial p_i}{\partial z_j} = p_i (\delta_{ij} - p_j)",
            r"\log p_i = z_i - \log \sum_{k=1}^K e^{z_k}",
        ),
        (
            r"\frac{\partial p_i}{\partial z_j} = p_i (1 - p_j)",
            r"\frac{\partial p_i}{\partial z_j} = p_i (\delta_{ij} + p_j)",
            r"\frac{\partial p_i}{\partial z_j} = -p_i p_j",
            r"\log p_i = z_i - \sum_{k=1}^K z_k",
        ),
    ),
    "log-sum-exp": Topic(
        (
            r"z \in \mathbb{R}^K, \quad c \in \mathbb{R}, \quad i = 1, \dots, K",
            r"L(z) = \log \sum_{k=1}^K e^{z_k}",
        ),
        (
            r"\frac{\partial L}{\partial z_i} = \frac{e^{z_i}}{\sum_{k=1}^K e^{z_k}}",
            r"\log \sum_{k=1}^K e^{z_k + c} = c + L(z)",
        ),
        (
            r"\frac{\partial L}{\partial z_i} = \frac{1}{\sum_{k=1}^K e^{z_k}}",
            r"\log \sum_{k=1}^K e^{z_k + c} = K c + L(z)",
            r"\log \sum_{k=1}^K e^{z_k + c} = c L(z)",
        ),
    ),
    "the logistic function": Topic(
        (r"z, w \in \mathbb{R}, \quad s(z) = \frac{1}{1 + e^{-z}}",),
        (
            r"s'(z) = s(z) (1 - s(z))",
            r"1 - s(z) = s(-z)",
            r"s''(z) = s(z) (1 - s(z)) (1 - 2 s(z))",
            r"s(2 z) = \frac{1}{2} (1 + \tanh z)",
            r"\log \frac{s(z)}{1 - s(z)} = z",
        ),
        (
            r"s'(z) = s(z) (1 + s(z))",
            r"s'(z) = 1 - s(z)^2",
            r"s''(z) = s(z) (1 - s(z))",
            r"s(z) = \frac{1}{2} (1 + \tanh z)",
            r"s(-z) = -s(z)",
            r"s(z + w) = s(z) + s(w)",
        ),
    ),
    "logarithms": Topic(
        (r"a > 0, \quad b > 0, \quad x > 0",),
        (
            r"\log (a b) = \log a + \log b",
            r"\log a^3 = 3 \log a",
            r"\frac{d}{dx} (x \log x) = 1 + \log x",
            r"\frac{d}{dx} a^x = a^x \log a",
            r"\frac{d}{dx} \frac{\log x}{x} = \frac{1 - \log x}{x^2}",
        ),
        (
            r"\log (a + b) = \log a + \log b",
            r"\frac{\log a}{\log b} = \log a - \log b",
            r"\log (a b) = \log a \log b",
            r"(\log a)^3 = 3 \log a",
            r"\frac{d}{dx} (x \log x) = \log x",
            r"\frac{d}{dx} a^x = x a^{x - 1}",
            r"\frac{d}{dx} \frac{\log x}{x} = \frac{\log x - 1}{x^2}",
            r"\frac{d}{dx} \log (3 x) = \frac{1}{3 x}",
        ),
    ),
    "sums": Topic(
        (r"n \ge 1, \quad q \in \mathbb{R}, \quad q \ne 1",),
        (
            r"\sum_{k=1}^n k = \frac{n (n + 1)}{2}",
            r"\sum_{k=1}^n k^2 = \frac{n (n + 1) (2 n + 1)}{6}",
            r"\sum_{k=0}^{n} q^k = \frac{1 - q^{n+1}}{1 - q}",
            r"\sum_{k=1}^n (2 k - 1) = n^2",
        ),
        (
            r"\sum_{k=1}^n k = \frac{n (n - 1)}{2}",
            r"\sum_{k=0}^{n-1} k = \frac{n (n + 1)}{2}",
            r"\sum_{k=1}^n k^2 = \frac{n (n + 1) (n + 2)}{6}",
            r"\sum_{k=0}^{n} q^k = \frac{1 - q^{n}}{1 - q}",
            r"\sum_{k=1}^{n} q^k = \frac{1 - q^{n+1}}{1 - q}",
            r"\sum_{k=1}^n (2 k + 1) = n^2",
        ),
    ),
    "means and variances of samples": Topic(
        (
            r"x, y \in \mathbb{R}^n, \quad i = 1, \dots, n",
            r"\mu = \frac{1}{n} \sum_{i=1}^n x_i",
            r"\nu = \frac{1}{n} \sum_{i=1}^n y_i",
        ),
        (
            r"\sum_{i=1}^n (x_i - \mu) = 0",
            r"\frac{1}{n} \sum_{i=1}^n (x_i - \mu)^2 = \frac{1}{n} \sum_{i=1}^n x_i^2 - \mu^2",
            r"\sum_{i=1}^n (x_i - \mu) (y_i - \nu) = \sum_{i=1}^n x_i y_i - n \mu \nu",
            r"\sum_{i=1}^n (x_i - \mu) (y_i - \nu) = \sum_{i=1}^n (x_i - \mu) y_i",
        ),
        (
            r"\frac{1}{n} \sum_{i=1}^n (x_i - \mu)^2 = \frac{1}{n} \sum_{i=1}^n x_i^2 + \mu^2",
            r"\frac{1}{n} \sum_{i=1}^n x_i^2 = \mu^2",
            r"\sum_{i=1}^n (x_i - \mu) (y_i - \nu) = \sum_{i=1}^n x_i y_i - \mu \nu",
            r"\sum_{i=1}^n x_i y_i = \left( \sum_{i=1}^n x_i \right) \left( \sum_{i=1}^n y_i \right)",
            r"\frac{1}{n} \sum_{i=1}^n e^{x_i} = e^{\mu}",
        ),
    ),
    "expectations": Topic(
        (r"X \sim \mathcal{N}(\mu, \sigma^2), \quad \sigma > 0, \quad a, b \in \mathbb{R}",),
        (
            r"\mathbb{E}[a X + b] = a \mu + b",
            r"\operatorname{Var}(a X + b) = a^2 \sigma^2",
            r"\mathbb{E}[X^2] = \mu^2 + \sigma^2",
            r"\mathbb{E}[(X - \mu)^4] = 3 \sigma^4",
        ),
        (
            r"\operatorname{Var}(a X + b) = a \sigma^2",
            r"\operatorname{Var}(a X + b) = a^2 \sigma^2 + b",
            r"\mathbb{E}[X^2] = \mu^2",
            r"\mathbb{E}[(X - \mu)^4] = \sigma^4",
            r"\mathbb{E}[X^3] = \mu^3 + \mu \sigma^2",
            r"\mathbb{E}[e^X] = e^{\mu}",
        ),
    ),
    "divergences": Topic(
        (
            r"\mu, \nu \in \mathbb{R}, \quad \sigma > 0, \quad \tau > 0",
            r"D = \log \frac{\tau}{\sigma} + \frac{\sigma^2 + (\mu - \nu)^2}{2 \tau^2} - \frac{1}{2}",
        ),
        (
            r"\frac{\partial D}{\partial \mu} = \frac{\mu - \nu}{\tau^2}",
            r"\frac{\partial D}{\partial \sigma} = \frac{\sigma}{\tau^2} - \frac{1}{\sigma}",
            r"\frac{\partial D}{\partial \tau} = \frac{1}{\tau} - \frac{\sigma^2 + (\mu - \nu)^2}{\tau^3}",
        ),
        (
            r"\frac{\partial D}{\partial \mu} = \frac{\nu - \mu}{\tau^2}",
            r"\frac{\partial D}{\partial \sigma} = \frac{\sigma}{\tau^2} + \frac{1}{\sigma}",
            r"\frac{\partial D}{\partial \tau} = \frac{1}{\tau} - \frac{\sigma^2 + (\mu - \nu)^2}{2 \tau^3}",
            r"D = \log \frac{\sigma}{\tau} + \frac{\sigma^2 + (\mu - \nu)^2}{2 \tau^2} - \frac{1}{2}",
        ),
    ),
    "integrals": Topic(
        (r"a > 0, \quad b \in \mathbb{R}, \quad t > 0",),
        (
            r"\int_0^t x^2 \, dx = \frac{t^3}{3}",
            r"\int_0^\infty e^{-a x} \, dx = \frac{1}{a}",
            r"\int_0^\infty x e^{-a x} \, dx = \frac{1}{a^2}",
            r"\int_{-\infty}^\infty e^{-a x^2} \, dx = \sqrt{\frac{\pi}{a}}",
            r"\int_0^t \cos (a x) \, dx = \frac{\sin (a t)}{a}",
        ),
        (
            r"\int_0^t x^2 \, dx = \frac{t^2}{2}",
            r"\int_0^\infty e^{-a x} \, dx = a",
            r"\int_0^\infty x e^{-a x} \, dx = \frac{1}{a}",
            r"\int_{-\infty}^\infty e^{-a x^2} \, dx = \sqrt{\frac{\pi}{2 a}}",
            r"\int_0^t \cos (a x) \, dx = a \sin (a t)",
            r"\int_0^t e^{a x} \, dx = \frac{e^{a t}}{a}",
        ),
    ),
    "chain rules": Topic(
        (r"f, g : \mathbb{R} \to \mathbb{R}, \quad x \in \mathbb{R}",),
        (
            r"\frac{d}{dx} f(g(x)) = f'(g(x)) g'(x)",
            r"\frac{d}{dx} \left( f(x) g(x) \right) = f'(x) g(x) + f(x) g'(x)",
            r"\frac{d}{dx} f(x)^2 = 2 f(x) f'(x)",
            r"\frac{d}{dx} f(2 x) = 2 f'(2 x)",
        ),
        (
            r"\frac{d}{dx} f(g(x)) = f'(g(x))",
            r"\frac{d}{dx} f(g(x)) = f'(x) g'(x)",
            r"\frac{d}{dx} \left( f(x) g(x) \right) = f'(x) g'(x)",
            r"\frac{d}{dx} f(x)^2 = 2 f(x)",
            r"\frac{d}{dx} f(2 x) = f'(2 x)",
        ),
    ),
    "trigonometry": Topic(
        (r"x, y \in \mathbb{R}",),
        (
            r"\sin (x + y) = \sin x \cos y + \cos x \sin y",
            r"\cos (2 x) = 1 - 2 \sin^2 x",
            r"\frac{d}{dx} \tan x = 1 + \tan^2 x",
            r"\frac{d}{dx} \tanh x = 1 - \tanh^2 x",
            r"\cosh^2 x - \sinh^2 x = 1",
        ),
        (
            r"\sin (x + y) = \sin x \cos y - \cos x \sin y",
            r"\cos (2 x) = 1 - \sin^2 x",
            r"\cos (x + y) = \cos x \cos y + \sin x \sin y",
            r"\frac{d}{dx} \tanh x = 1 + \tanh^2 x",
            r"\frac{d}{dx} \cos (x^2) = -\sin (x^2)",
            r"\cosh^2 x + \sinh^2 x = 1",
        ),
    ),
    "binomials": Topic(
        (r"a, b \in \mathbb{R}, \quad A, B \in \mathbb{R}^{n \times n}",),
        (
            r"(a + b)^3 = a^3 + 3 a^2 b + 3 a b^2 + b^3",
            r"(A + B)^2 = A^2 + A B + B A + B^2",
            r"(A + B) (A - B) = A^2 - A B + B A - B^2",
            r"(A B)^\top = B^\top A^\top",
        ),
        (
            r"(a + b)^3 = a^3 + b^3",
            r"(a + b)^3 = a^3 + 3 a^2 b - 3 a b^2 + b^3",
            r"(A + B)^2 = A^2 + 2 A B + B^2",
            r"(A + B) (A - B) = A^2 - B^2",
            r"(A B)^\top = A^\top B^\top",
            r"(A B)^2 = A^2 B^2",
        ),
    ),
    "norms": Topic(
        (r"x, y \in \mathbb{R}^n, \quad x \ne 0",),
        (
            r"\nabla_x \|x\|_2 = \frac{x}{\|x\|_2}",
            r"\|x + y\|^2 + \|x - y\|^2 = 2 \|x\|^2 + 2 \|y\|^2",
            r"x^\top y = \frac{1}{4} (\|x + y\|^2 - \|x - y\|^2)",
            r"\nabla_x \|x - y\|^2 = 2 (x - y)",
        ),
        (
            r"\nabla_x \|x\|_2 = 2 x",
            r"\nabla_x \|x\|_2 = \frac{x}{\|x\|_2^2}",
            r"\|x + y\|^2 = \|x\|^2 + \|y\|^2",
            r"\|x + y\|_2 = \|x\|_2 + \|y\|_2",
            r"x^\top y = \frac{1}{2} (\|x + y\|^2 - \|x - y\|^2)",
            r"\nabla_x \|x - y\|^2 = 2 (y - x)",
        ),
    ),
    "Gaussian likelihoods": Topic(
        (
            r"x \in \mathbb{R}^n, \quad \mu \in \mathbb{R}, \quad v > 0",
            r"\ell(\mu, v) = -\frac{n}{2} \log (2 \pi v) - \frac{1}{2 v} \sum_{i=1}^n (x_i - \mu)^2",
        ),
        (
            r"\frac{\partial \ell}{\partial \mu} = \frac{1}{v} \sum_{i=1}^n (x_i - \mu)",
            r"\frac{\partial \ell}{\partial v} = -\frac{n}{2 v} + \frac{1}{2 v^2} \sum_{i=1}^n (x_i - \mu)^2",
            r"\frac{\partial^2 \ell}{\partial \mu^2} = -\frac{n}{v}",
        ),
        (
            r"\frac{\partial \ell}{\partial \mu} = \frac{2}{v} \sum_{i=1}^n (x_i - \mu)",
            r"\frac{\partial \ell}{\partial \mu} = -\frac{1}{v} \sum_{i=1}^n (x_i - \mu)",
            r"\frac{\partial \ell}{\partial v} = -\frac{n}{2 v} - \frac{1}{2 v^2} \sum_{i=1}^n (x_i - \mu)^2",
            r"\frac{\partial \ell}{\partial v} = -\frac{1}{2 v} + \frac{1}{2 v^2} \sum_{i=1}^n (x_i - \mu)^2",
            r"\frac{\partial^2 \ell}{\partial \mu^2} = -\frac{1}{v}",
        ),
    ),
    "multivariate Gaussians": Topic(
        (
            r"S \in \mathbb{S}^n_{++}, \quad x, \mu \in \mathbb{R}^n",
            r"q(\mu) = (x - \mu)^\top S^{-1} (x - \mu)",
        ),
        (
            r"\nabla q(\mu) = -2 S^{-1} (x - \mu)",
            r"\nabla^2 q(\mu) = 2 S^{-1}",
        ),
        (
            r"\nabla q(\mu) = 2 S^{-1} (x - \mu)",
            r"\nabla q(\mu) = -S^{-1} (x - \mu)",
            r"\nabla^2 q(\mu) = -2 S^{-1}",
            r"\nabla^2 q(\mu) = 2 S",
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
    "entropies": Topic(
        (
            r"0 < p < 1, \quad 0 < q < 1",
            r"H(p) = -p \log p - (1 - p) \log (1 - p)",
        ),
        (
            r"H'(p) = \log \frac{1 - p}{p}",
            r"H''(p) = -\frac{1}{p (1 - p)}",
            r"H(1 - p) = H(p)",
            r"\frac{\partial}{\partial p} \left( p \log \frac{p}{q} \right) = 1 + \log \frac{p}{q}",
        ),
        (
            r"H'(p) = \log \frac{p}{1 - p}",
            r"H'(p) = -\log p",
            r"H''(p) = \frac{1}{p (1 - p)}",
            r"H''(p) = -\frac{1}{p}",
            r"\frac{\partial}{\partial p} \left( p \log \frac{p}{q} \right) = \log \frac{p}{q}",
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
    "index notation": Topic(
        (r"A, B \in \mathbb{R}^{n \times n}, \quad x \in \mathbb{R}^n, \quad i, j = 1, \dots, n",),
        (
            r"(A B)_{ij} = \sum_{k=1}^n A_{ik} B_{kj}",
            r"\sum_{j=1}^n \delta_{ij} x_j = x_i",
            r"\operatorname{tr}(A^\top B) = \sum_{i=1}^n \sum_{j=1}^n A_{ij} B_{ij}",
            r"\sum_{k=1}^n \delta_{kk} = n",
        ),
        (
            r"(A B)_{ij} = \sum_{k=1}^n A_{ki} B_{kj}",
            r"(A B)_{ij} = A_{ij} B_{ij}",
            r"\operatorname{tr}(A^\top B) = \sum_{i=1}^n A_{ii} B_{ii}",
            r"\operatorname{tr}(A B) = \sum_{i=1}^n \sum_{j=1}^n A_{ij} B_{ij}",
            r"\sum_{k=1}^n \delta_{kk} = 1",
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
    "cross entropy": Topic(
        (
            r"z, y \in \mathbb{R}^K, \quad \sum_{k=1}^K y_k = 1, \quad i = 1, \dots, K, \quad T > 0",
            r"p_i = \frac{e^{z_i / T}}{\sum_{k=1}^K e^{z_k / T}}",
            r"L = -\sum_{k=1}^K y_k \log p_k",
        ),
        (
            r"\frac{\partial L}{\partial z_i} = \frac{1}{T} (p_i - y_i)",
            r"L = \log \sum_{k=1}^K e^{z_k / T} - \frac{1}{T} \sum_{k=1}^K y_k z_k",
        ),
        (
            r"\frac{\partial L}{\partial z_i} = p_i - y_i",
            r"\frac{\partial L}{\partial z_i} = \frac{1}{T} (y_i - p_i)",
            r"\frac{\partial L}{\partial z_i} = T (p_i - y_i)",
            r"\frac{\partial L}{\partial z_i} = -\frac{y_i}{T p_i}",
        ),
    ),
    "cross entropy without sum": Topic(
        (
            r"z, y \in \mathbb{R}^K, \quad i = 1, \dots, K",
            r"p_i = \frac{e^{z_i}}{\sum_{k=1}^K e^{z_k}}",
            r"L = -\sum_{k=1}^K y_k \log p_k",
        ),
        (r"\frac{\partial L}{\partial z_i} = p_i \sum_{k=1}^K y_k - y_i",),
        (r"\frac{\partial L}{\partial z_i} = p_i - y_i",),
    ),
    "binary cross entropy": Topic(
        (
            r"x, w \in \mathbb{R}^n, \quad 0 < y < 1, \quad b \in \mathbb{R}",
            r"s(z) = \frac{1}{1 + e^{-z}}",
            r"L(w) = -y \log s(w^\top x + b) - (1 - y) \log (1 - s(w^\top x + b))",
        ),
        (
            r"\nabla_w L = (s(w^\top x + b) - y) x",
            r"\nabla_w^2 L = s(w^\top x + b) (1 - s(w^\top x + b)) x x^\top",
            r"\frac{\partial L}{\partial b} = s(w^\top x + b) - y",
        ),
        (
            r"\nabla_w L = (y - s(w^\top x + b)) x",
            r"\nabla_w L = (s(w^\top x + b) - y) w",
            r"\nabla_w^2 L = s(w^\top x + b) x x^\top",
            r"\nabla_w^2 L = s(w^\top x + b) (1 - s(w^\top x + b)) w w^\top",
            r"\nabla_w L = s(w^\top x + b) - y",
        ),
    ),
    "poisson": Topic(
        (
            r"X \in \mathbb{R}^{m \times n}, \quad y \in \mathbb{R}^m, \quad w \in \mathbb{R}^n",
            r"\ell(w) = \sum_{i=1}^m \left( y_i \sum_{j=1}^n X_{ij} w_j - e^{\sum_{j=1}^n X_{ij} w_j} \right)",
        ),
        (r"\nabla \ell(w) = X^\top (y - \exp(X w))",),
        (
            r"\nabla \ell(w) = X^\top (y - X w)",
            r"\nabla \ell(w) = X^\top (\exp(X w) - y)",
            r"\nabla \ell(w) = X (y - \exp(X w))",
        ),
    ),
    "moments": Topic(
        (r"X \sim \mathcal{N}(0, 1), \quad t \in \mathbb{R}",),
        (
            r"\mathbb{E}[X^4] = 3",
            r"\mathbb{E}[e^{t X}] = e^{t^2 / 2}",
            r"\operatorname{Var}(X^2) = 2",
            r"\mathbb{E}[X e^{t X}] = t e^{t^2 / 2}",
            r"\mathbb{E}[(X + t)^2] = 1 + t^2",
            r"\mathbb{E}[\cos(t X)] = e^{-t^2 / 2}",
        ),
        (
            r"\mathbb{E}[X^4] = 4",
            r"\mathbb{E}[e^{t X}] = e^{t^2}",
            r"\operatorname{Var}(X^2) = 3",
            r"\mathbb{E}[X e^{t X}] = e^{t^2 / 2}",
            r"\mathbb{E}[(X + t)^2] = t^2",
            r"\mathbb{E}[X^6] = 9",
            r"\mathbb{E}[\cos(t X)] = \cos t",
        ),
    ),
    "independence": Topic(
        (
            r"X \sim \mathcal{N}(\mu, \sigma^2), \quad Y \sim \mathcal{N}(\nu, \tau^2), \quad \sigma > 0",
            r"\tau > 0",
        ),
        (
            r"\mathbb{E}[X + Y] = \mu + \nu",
            r"\mathbb{E}[2 X - 3 Y] = 2 \mu - 3 \nu",
        ),
        (
            r"\mathbb{E}[X + Y] = \mu - \nu",
            r"\mathbb{E}[X^2 + Y^2] = \sigma^2 + \tau^2",
            r"\mathbb{E}[(X + Y)^2] = (\mu + \nu)^2",
        ),
    ),
    "densities": Topic(
        (r"\lambda > 0, \quad s > 0",),
        (
            r"\int_0^\infty \lambda e^{-\lambda x} \, dx = 1",
            r"\int_0^\infty x \lambda e^{-\lambda x} \, dx = \frac{1}{\lambda}",
            r"\int_0^\infty x^2 \lambda e^{-\lambda x} \, dx = \frac{2}{\lambda^2}",
            r"\int_{-\infty}^\infty \frac{1}{\sqrt{2 \pi} s} e^{-x^2 / (2 s^2)} \, dx = 1",
        ),
        (
            r"\int_0^\infty e^{-\lambda x} \, dx = 1",
            r"\int_0^\infty x \lambda e^{-\lambda x} \, dx = \lambda",
            r"\int_0^\infty x^2 \lambda e^{-\lambda x} \, dx = \frac{1}{\lambda^2}",
            r"\int_{-\infty}^\infty \frac{1}{\sqrt{2 \pi s}} e^{-x^2 / (2 s^2)} \, dx = 1",
        ),
    ),
    "limits and series": Topic(
        (r"x \in \mathbb{R}, \quad -1 < r < 1",),
        (
            r"\lim_{n \to \infty} \left( 1 + \frac{x}{n} \right)^n = e^x",
            r"\sum_{k=0}^\infty r^k = \frac{1}{1 - r}",
            r"\sum_{k=1}^\infty k r^{k-1} = \frac{1}{(1 - r)^2}",
            r"\lim_{h \to 0} \frac{\sin h}{h} = 1",
            r"\sum_{k=0}^\infty \frac{x^k}{k!} = e^x",
        ),
        (
            r"\lim_{n \to \infty} \left( 1 + \frac{x}{n} \right)^n = e^{-x}",
            r"\sum_{k=1}^\infty r^k = \frac{1}{1 - r}",
            r"\sum_{k=1}^\infty k r^{k} = \frac{1}{(1 - r)^2}",
            r"\lim_{h \to 0} \frac{\sin (2 h)}{h} = 1",
            r"\lim_{h \to 0} \frac{1 - \cos h}{h^2} = 1",
            r"\sum_{k=1}^\infty \frac{x^k}{k!} = e^x",
        ),
    ),
    "products": Topic(
        (r"n \ge 2, \quad m \ge 1",),
        (
            r"\prod_{k=1}^n 2 = 2^n",
            r"\sum_{k=1}^n \frac{1}{k (k+1)} = \frac{n}{n+1}",
            r"\sum_{k=1}^n k^3 = \left( \frac{n (n+1)}{2} \right)^2",
            r"\sum_{k=0}^n \binom{n}{k} = 2^n",
            r"\prod_{k=2}^n \frac{k}{k-1} = n",
        ),
        (
            r"\prod_{k=1}^n 2 = 2 n",
            r"\sum_{k=1}^n \frac{1}{k (k+1)} = \frac{1}{n+1}",
            r"\sum_{k=1}^n k^3 = \frac{n (n+1)}{2}",
            r"\sum_{k=0}^n \binom{n}{k} = 2^{n+1}",
            r"\prod_{k=2}^n \frac{k}{k-1} = n - 1",
            r"\sum_{k=1}^n (n - k) = \frac{n (n + 1)}{2}",
        ),
    ),
    "batch normalisation": Topic(
        (
            r"x \in \mathbb{R}^n, \quad i, j = 1, \dots, n",
            r"\mu = \frac{1}{n} \sum_{k=1}^n x_k",
            r"v = \frac{1}{n} \sum_{k=1}^n (x_k - \mu)^2",
        ),
        (
            r"\frac{\partial \mu}{\partial x_i} = \frac{1}{n}",
            r"\frac{\partial v}{\partial x_i} = \frac{2}{n} (x_i - \mu)",
            r"v = \frac{1}{n} \sum_{k=1}^n x_k^2 - \mu^2",
            r"v = \frac{1}{2 n^2} \sum_{i=1}^n \sum_{j=1}^n (x_i - x_j)^2",
        ),
        (
            r"\frac{\partial \mu}{\partial x_i} = 1",
            r"\frac{\partial v}{\partial x_i} = \frac{2}{n} (x_i - \mu) (1 - \frac{1}{n})",
            r"\frac{\partial v}{\partial x_i} = \frac{1}{n} (x_i - \mu)",
            r"v = \frac{1}{n - 1} \left( \sum_{k=1}^n x_k^2 - \mu^2 \right)",
            r"v = \frac{1}{n^2} \sum_{i=1}^n \sum_{j=1}^n (x_i - x_j)^2",
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
    "attention": Topic(
        (
            r"q \in \mathbb{R}^d, \quad K \in \mathbb{R}^{m \times d}, \quad i = 1, \dots, m",
            r"a_i = \frac{\exp(\sum_{j=1}^d K_{ij} q_j / \sqrt{d})}{\sum_{k=1}^m \exp(\sum_{j=1}^d K_{kj} q_j / \sqrt{d})}",
        ),
        (r"\sum_{i=1}^m a_i = 1",),
        (
            r"\sum_{i=1}^m a_i = m",
            r"\sum_{i=1}^m a_i^2 = 1",
        ),
    ),
    "two layers": Topic(
        (
            r"W \in \mathbb{R}^{h \times n}, \quad v \in \mathbb{R}^h, \quad x \in \mathbb{R}^n",
            r"t \in \mathbb{R}",
            r"\mathbf{1} = (1, \dots, 1)^\top \in \mathbb{R}^h, \quad a = \tanh(W x)",
            r"L = \frac{1}{2} (v^\top a - t)^2",
        ),
        (
            r"\frac{\partial L}{\partial v} = (v^\top a - t) a",
            r"\frac{\partial L}{\partial W} = (v^\top a - t) (v \odot (\mathbf{1} - a \odot a)) x^\top",
        ),
        (
            r"\frac{\partial L}{\partial v} = (v^\top a - t) v",
            r"\frac{\partial L}{\partial W} = (v^\top a - t) v x^\top",
            r"\frac{\partial L}{\partial W} = (v^\top a - t) (v \odot (\mathbf{1} - a)) x^\top",
            r"\frac{\partial L}{\partial W} = (v^\top a - t) (v \odot (\mathbf{1} + a \odot a)) x^\top",
        ),
    ),
    "hessian logsumexp": Topic(
        (
            r"z \in \mathbb{R}^K, \quad i, j = 1, \dots, K",
            r"L(z) = \log \sum_{k=1}^K e^{z_k}",
            r"p = \nabla L(z)",
        ),
        (r"\nabla^2 L(z) = \operatorname{diag}(p) - p p^\top",),
        (
            r"\nabla^2 L(z) = \operatorname{diag}(p)",
            r"\nabla^2 L(z) = \operatorname{diag}(p) + p p^\top",
            r"\nabla^2 L(z) = p p^\top - \operatorname{diag}(p)",
            r"\nabla^2 L(z) = p p^\top",
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
    "absolute": Topic(
        (r"x, y \in \mathbb{R}, \quad a > 0",),
        (
            r"\sqrt{x^2} = |x|",
            r"\max(x, y) = \frac{x + y + |x - y|}{2}",
            r"|x|^2 = x^2",
            r"\max(x, y) + \min(x, y) = x + y",
            r"\max(a x, a y) = a \max(x, y)",
        ),
        (
            r"\sqrt{x^2} = x",
            r"\max(x, y) = \frac{x + y - |x - y|}{2}",
            r"|x + y| = |x| + |y|",
            r"\max(x + y, 0) = \max(x, 0) + \max(y, 0)",
            r"\max(-x, -y) = -\max(x, y)",
        ),
    ),
    "cosine": Topic(
        (
            r"x, y \in \mathbb{R}^n, \quad x \ne 0, \quad y \ne 0",
            r"c(x) = \frac{x^\top y}{\|x\|_2 \|y\|_2}",
        ),
        (r"\nabla c(x) = \frac{y}{\|x\|_2 \|y\|_2} - c(x) \frac{x}{\|x\|_2^2}",),
        (
            r"\nabla c(x) = \frac{y}{\|x\|_2 \|y\|_2}",
            r"\nabla c(x) = \frac{y}{\|x\|_2 \|y\|_2} - c(x) \frac{x}{\|x\|_2}",
            r"\nabla c(x) = \frac{y}{\|x\|_2 \|y\|_2} + c(x) \frac{x}{\|x\|_2^2}",
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
    "Gaussian kernels": Topic(
        (
            r"x \in \mathbb{R}^n, \quad c \in \mathbb{R}^n, \quad s > 0",
            r"k(x) = \exp\left( -\frac{\|x - c\|^2}{2 s^2} \right)",
        ),
        (
            r"\nabla k(x) = -\frac{1}{s^2} k(x) (x - c)",
            r"\nabla^2 k(x) = k(x) \left( \frac{(x - c) (x - c)^\top}{s^4} - \frac{1}{s^2} I \right)",
            r"\frac{\partial k}{\partial s} = \frac{\|x - c\|^2}{s^3} k(x)",
        ),
        (
            r"\nabla k(x) = \frac{1}{s^2} k(x) (x - c)",
            r"\nabla k(x) = -\frac{1}{2 s^2} k(x) (x - c)",
            r"\nabla k(x) = -\frac{1}{s^2} (x - c)",
            r"\nabla^2 k(x) = k(x) \frac{(x - c) (x - c)^\top}{s^4}",
            r"\frac{\partial k}{\partial s} = -\frac{\|x - c\|^2}{s^3} k(x)",
            r"\frac{\partial k}{\partial s} = \frac{\|x - c\|^2}{2 s^3} k(x)",
        ),
    ),
    "entries in plain letters": Topic(
        (r"\mathbf{A} \in \mathbb{R}^{n \times n}, \quad \mathbf{x} \in \mathbb{R}^{n}, \quad i, j, k, l \in \{1, \dots, n\}",),
        (
            r"\operatorname{Tr}(\mathbf{A}) = \sum_{i} A_{ii}",
            r"\mathbf{x}^{\mathrm{T}} \mathbf{A} \mathbf{x} = \sum_{i=1}^n \sum_{j=1}^n x_i A_{ij} x_j",
            r"\frac{\partial A_{kl}}{\partial A_{ij}} = \delta_{ik} \delta_{lj}",
        ),
        (
            r"\operatorname{Tr}(\mathbf{A}) = \sum_{i=1}^n \sum_{j=1}^n A_{ij}",
            r"\frac{\partial A_{kl}}{\partial A_{ij}} = \delta_{il} \delta_{kj}",
        ),
    ),
    "primes that transpose": Topic(
        (
            r"X \in \mathbb{R}^{n \times p}, \quad n > p, \quad y \in \mathbb{R}^{n}, \quad \beta \in \mathbb{R}^{p}",
            r"S(\beta) = (y - X\beta)'(y - X\beta)",
            r"H = X (X'X)^{-1} X'",
        ),
        (
            r"\frac{\partial S}{\partial \beta} = -2 X' (y - X \beta)",
            r"\frac{\partial^2 S}{\partial \beta \partial \beta'} = 2 X' X",
            r"\mathrm{D} S(\beta) = -2 (y - X \beta)' X",
            r"H' = H",
            r"\operatorname{tr}(I - H) = n - p",
        ),
        (
            r"\frac{\partial^2 S}{\partial \beta \partial \beta'} = X' X",
            r"\mathrm{D} S(\beta) = 2 (y - X \beta)' X",
            r"\operatorname{tr}(I - H) = p",
        ),
    ),
    "points with a prime": Topic(
        (
            r"x, x' \in \mathbb{R}^{n}, \quad \ell > 0",
            r"k(x, x') = \exp\left( -\frac{\|x - x'\|^2}{2 \ell^2} \right)",
        ),
        (r"\frac{\partial k(x, x')}{\partial x'} = \frac{1}{\ell^2} (x - x') k(x, x')",),
        (r"\frac{\partial k(x, x')}{\partial x'} = -\frac{1}{\ell^2} (x - x') k(x, x')",),
    ),
    "the variance as a variable": Topic(
        (
            r"\mu \in \mathbb{R}, \quad \sigma^2 > 0, \quad x \in \mathbb{R}",
            r"f(x, \mu, \sigma^2) = \frac{1}{\sqrt{2 \pi \sigma^2}} \exp\left( -\frac{(x - \mu)^2}{2 \sigma^2} \right)",
        ),
        (
            r"\frac{\partial}{\partial \sigma^2} \ln f(x, \mu, \sigma^2) = \frac{(x - \mu)^2}{2\sigma^4} - \frac{1}{2\sigma^2}",
            r"\frac{\partial}{\partial \mu} \ln f(x, \mu, \sigma^2) = \frac{x - \mu}{\sigma^2}",
        ),
        (
            r"\frac{\partial}{\partial \sigma^2} \ln f(x, \mu, \sigma^2) = -\frac{1}{\sigma} + \frac{(x-\mu)^2}{\sigma^3}",
            r"\frac{\partial}{\partial \sigma^2} \ln f(x, \mu, \sigma^2) = \frac{(x - \mu)^2}{2 \sigma^4} - \frac{1}{\sigma^2}",
        ),
    ),
    "a variance that is defined": Topic(
        (
            r"x_n \in \mathbb{R}, \quad n = 1, \dots, N",
            r"\mu = \frac{1}{N} \sum_{n=1}^{N} x_n",
            r"\sigma^2_{\mathrm{ML}} = \frac{1}{N} \sum_{n=1}^{N} (x_n - \mu)^2",
        ),
        (r"\sigma^2_{\mathrm{ML}} = \frac{1}{N} \sum_{n=1}^{N} x_n^2 - \mu^2",),
        (r"\sigma^2_{\mathrm{ML}} = \frac{1}{N} \sum_{n=1}^{N} x_n^2 + \mu^2",),
    ),
    "a function beside itself": Topic(
        (r"a \in \mathbb{R}, \quad \sigma(a) \equiv \frac{1}{1 + \exp(-a)}",),
        (r"\frac{d\sigma}{da} = \sigma (1 - \sigma)",),
        (r"\frac{d\sigma}{da} = \sigma (\sigma - 1)",),
    ),
    "divergence in brackets": Topic(
        (
            r"p, q \in \mathbb{R}^{K}_{++}, \quad \sum_{k=1}^{K} p_k = 1, \quad \sum_{k=1}^{K} q_k = 1",
            r"\mathrm{KL}(p \| q) = -\sum_{k=1}^{K} p_k \ln \left\{ \frac{q_k}{p_k} \right\}",
        ),
        (r"\mathrm{KL}(p \| q) = -\sum_{k=1}^{K} p_k \ln q_k + \sum_{k=1}^{K} p_k \ln p_k",),
        (r"\mathrm{KL}(p \| q) = -\sum_{k=1}^{K} p_k \ln p_k + \sum_{k=1}^{K} p_k \ln q_k",),
    ),
    "the cross product": Topic(
        (r"a, b, c \in \mathbb{R}^{3}",),
        (r"a \times b = -b \times a", r"a \times (b \times c) = b (a^T c) - c (a^T b)"),
        (r"a \times b = b \times a", r"a \times (b \times c) = (a \times b) \times c"),
    ),
    "integrals that may diverge": Topic(
        (r"a \in \mathbb{R}, \quad b > 0",),
        (),
        (
            r"\int_0^{\infty} e^{-a x} \, dx = \frac{1}{a}",
            r"\int_0^{1} x^{a} \, dx = \frac{1}{a + 1}",
            r"\int_0^{\infty} x^{a - 1} e^{-b x} \, dx = \frac{\Gamma(a)}{b^a}",
        ),
    ),
}
