r"""Probability: means, laws, likelihoods, divergences: what is right, and the mistakes that books print in its place.

Takes: nothing. Gives: the topics of this field. Guarantees: data only; every label was checked by hand.
"""

from __future__ import annotations

from errata_topic import Topic

PROBABILITY: dict[str, Topic] = {
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
}
