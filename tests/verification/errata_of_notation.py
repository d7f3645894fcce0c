r"""Notations that books use beside the plain ones: what is right, and the mistakes that books print in its place.

Takes: nothing. Gives: the topics of this field. Guarantees: data only; every label was checked by hand.
"""

from __future__ import annotations

from errata_topic import Topic

NOTATION: dict[str, Topic] = {
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
}
