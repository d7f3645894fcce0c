"""PyTorch on the CPU: gradients by autograd, by torch.compile, and by hand where people write them."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F

from benchmarks.contenders.opening import Prepare, Table
from benchmarks.work import STEPS, Data, Numbers

torch.set_default_dtype(torch.float64)
torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


def least_squares(theta: Numbers, X: Numbers, y: Numbers) -> Numbers:
    r = X @ theta - y
    return r @ r / len(y)


def ridge(theta: Numbers, X: Numbers, y: Numbers, lambda_: float) -> Numbers:
    return least_squares(theta, X, y) + lambda_ * (theta @ theta)


def logistic(theta: Numbers, X: Numbers, y: Numbers) -> Numbers:
    return F.binary_cross_entropy_with_logits(X @ theta, y)


def softmax(W: Numbers, X: Numbers, Y: Numbers) -> Numbers:
    return F.cross_entropy(X @ W, Y)


def likelihood(theta: Numbers, X: Numbers, y: Numbers, sigma: float) -> Numbers:
    r = X @ theta - y
    return -len(y) / 2 * math.log(2 * math.pi * sigma**2) - r @ r / (2 * sigma**2)


def network(*given: Numbers) -> Numbers:
    *weights, x, y = given
    depth = len(weights) // 2
    for V, c in zip(weights[:depth], weights[depth:], strict=True):
        x = torch.sigmoid(F.linear(x, V, c))
    return torch.sum((x - y) ** 2) / len(y)


def classifier(*given: Numbers) -> Numbers:
    *weights, X, Y = given
    *hidden, (W, b) = zip(weights[::2], weights[1::2], strict=True)
    for V, a in hidden:
        X = torch.tanh(torch.addmm(a, X, V))
    return F.cross_entropy(torch.addmm(b, X, W), Y)


def process(ell: Numbers, sigma: Numbers, X: Numbers, y: Numbers) -> Numbers:
    D = torch.cdist(X, X, compute_mode="donot_use_mm_for_euclid_dist") ** 2
    C = torch.exp(-D / (2 * ell**2)) + sigma**2 * torch.eye(len(y))
    half = torch.linalg.cholesky(C)
    alpha = torch.cholesky_solve(y[:, None], half)[:, 0]
    return -0.5 * (y @ alpha) - torch.log(torch.diagonal(half)).sum() - len(y) / 2 * math.log(2 * math.pi)


def least_squares_by_hand(theta: Numbers, X: Numbers, y: Numbers) -> Numbers:
    r = torch.addmv(y, X, theta, beta=-1)
    return r @ r / len(y), torch.mv(X.T, r).mul_(2 / len(y))


def ridge_by_hand(theta: Numbers, X: Numbers, y: Numbers, lambda_: float) -> Numbers:
    r = torch.addmv(y, X, theta, beta=-1)
    return r @ r / len(y) + lambda_ * (theta @ theta), torch.addmv(theta, X.T, r, beta=2 * lambda_, alpha=2 / len(y))


def logistic_by_hand(theta: Numbers, X: Numbers, y: Numbers) -> Numbers:
    z = torch.mv(X, theta)
    value = F.binary_cross_entropy_with_logits(z, y)
    return value, torch.mv(X.T, torch.sigmoid(z).sub_(y)).div_(len(y))


def softmax_by_hand(W: Numbers, X: Numbers, Y: Numbers) -> Numbers:
    logs = torch.log_softmax(X @ W, dim=1)
    value = -torch.sum(logs * Y) / len(Y)
    return value, torch.mm(X.T, logs.exp_().sub_(Y)).div_(len(Y))


def likelihood_by_hand(theta: Numbers, X: Numbers, y: Numbers, sigma: float) -> Numbers:
    r = torch.addmv(y, X, theta, beta=-1)
    value = -len(y) / 2 * math.log(2 * math.pi * sigma**2) - r @ r / (2 * sigma**2)
    return value, torch.mv(X.T, r).mul_(-1 / sigma**2)


def descent_by_hand(theta: Numbers, X: Numbers, y: Numbers, alpha: float) -> Numbers:
    theta, transposed, rate = theta.clone(), X.T, 2 * alpha / len(y)
    for _ in range(STEPS):
        theta.addmv_(transposed, torch.addmv(y, X, theta, beta=-1), alpha=-rate)
    return theta


def normal_equations(X: Numbers, y: Numbers) -> Numbers:
    half = torch.linalg.cholesky(X.T @ X)
    return torch.cholesky_solve((X.T @ y)[:, None], half)[:, 0]


def ridge_solution(X: Numbers, y: Numbers, lambda_: float) -> Numbers:
    A = X.T @ X
    A.diagonal().add_(len(y) * lambda_)
    return torch.cholesky_solve((X.T @ y)[:, None], torch.linalg.cholesky(A))[:, 0]


def kalman(F: Numbers, Q: Numbers, H: Numbers, R: Numbers, u: Numbers, U: Numbers, z: Numbers) -> Numbers:
    x, P, Ft, Ht = u, U, F.T, H.T
    for measured in z:
        a = F @ x
        B = torch.addmm(Q, F @ P, Ft)
        C = B @ Ht
        K = torch.linalg.solve(torch.addmm(R, H, C), C, left=False)
        x = torch.addmv(a, K, torch.addmv(measured, H, a, alpha=-1))
        P = torch.addmm(B, K, H @ B, alpha=-1)
    return x


def tensors(given: Data, names: tuple[str, ...]) -> list[Numbers]:
    """NumPy's memory, not a copy of it; the members of a family one after the other."""
    found: list[Numbers] = []
    for name in names:
        members = given[name] if isinstance(given[name], tuple) else (given[name],)
        found += [torch.from_numpy(member) if isinstance(member, np.ndarray) else member for member in members]
    return found


def autograd(function: Callable[..., Numbers], wanted: int, *names: str) -> Prepare:
    """The first `wanted` arguments are differentiated in."""

    def prepare(given: Data) -> Callable[[], object]:
        arguments = tensors(given, names)
        arguments[:wanted] = [torch.as_tensor(argument).clone().requires_grad_() for argument in arguments[:wanted]]
        leaves = arguments[:wanted]

        def call() -> object:
            value = function(*arguments)
            return value.detach(), torch.autograd.grad(value, leaves)

        return call

    return prepare


def compiled(function: Callable[..., Numbers], wanted: int, *names: str) -> Prepare:
    return autograd(torch.compile(function), wanted, *names)


def plain(function: Callable[..., Numbers], *names: str) -> Prepare:
    def prepare(given: Data) -> Callable[[], object]:
        return partial(torch.inference_mode()(function), *tensors(given, names))

    return prepare


def layers(count: int) -> tuple[str, ...]:
    return (*(f"{letter}_{layer}" for layer in range(1, count + 1) for letter in "Wb"), "X", "Y")


DIFFERENTIATED: dict[str, tuple[Callable[..., Numbers], int, tuple[str, ...]]] = {
    "least squares": (least_squares, 1, ("theta", "X", "y")),
    "ridge": (ridge, 1, ("theta", "X", "y", "lambda_")),
    "logistic regression": (logistic, 1, ("theta", "X", "y")),
    "softmax cross-entropy": (softmax, 1, ("W", "X", "Y")),
    "Gaussian log-likelihood": (likelihood, 1, ("theta", "X", "y", "sigma")),
    "network 4-8-1": (network, 4, ("W", "b", "x", "y")),
    "network 64-32-10": (network, 4, ("W", "b", "x", "y")),
    "network 784-256-128-10": (network, 6, ("W", "b", "x", "y")),
    "classifier 64-32-10": (classifier, 4, layers(2)),
    "Gaussian process": (process, 2, ("ell", "sigma", "X", "y")),
}

BY_HAND: dict[str, Prepare] = {
    "least squares": plain(least_squares_by_hand, "theta", "X", "y"),
    "ridge": plain(ridge_by_hand, "theta", "X", "y", "lambda_"),
    "logistic regression": plain(logistic_by_hand, "theta", "X", "y"),
    "softmax cross-entropy": plain(softmax_by_hand, "W", "X", "Y"),
    "Gaussian log-likelihood": plain(likelihood_by_hand, "theta", "X", "y", "sigma"),
    "gradient descent": plain(descent_by_hand, "theta", "X", "y", "alpha"),
    "normal equations": plain(normal_equations, "X", "y"),
    "ridge solution": plain(ridge_solution, "X", "y", "lambda_"),
    "Kalman filter": plain(kalman, "F", "Q", "H", "R", "u", "U", "z"),
    "sigmoid": plain(torch.sigmoid, "z"),
    "softplus": plain(partial(F.softplus, threshold=40), "z"),  # the default of 20 drops digits that float64 has
}


def by_autograd() -> Table:
    return Table({name: autograd(function, wanted, *names) for name, (function, wanted, names) in DIFFERENTIATED.items()})


def by_compiling() -> Table:
    return Table({name: compiled(function, wanted, *names) for name, (function, wanted, names) in DIFFERENTIATED.items()})


def by_hand() -> Table:
    return Table(BY_HAND)
