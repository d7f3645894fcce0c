r"""Losses and layers of machine learning: what is right, and the mistakes that books print in its place.

Takes: nothing. Gives: the topics of this field. Guarantees: data only; every label was checked by hand.
"""

from __future__ import annotations

from errata_topic import Topic

LEARNING: dict[str, Topic] = {
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
}
