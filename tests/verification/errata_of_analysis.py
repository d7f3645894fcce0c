r"""Sums, integrals, limits, chain rules, norms: what is right, and the mistakes that books print in its place.

Takes: nothing. Gives: the topics of this field. Guarantees: data only; every label was checked by hand.
"""

from __future__ import annotations

from errata_topic import Topic

ANALYSIS: dict[str, Topic] = {
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
