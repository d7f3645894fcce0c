"""Parts of neural networks: kernels of the library against SciPy, scikit-learn and their papers written out in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from agreement import Array, library, slope
from rounding import EPS, assert_agree, largest
from scipy import special
from sklearn.preprocessing import StandardScaler

M, N, D, P = 9, 5, 3, 4


@pytest.mark.parametrize("z", [-30.0, -2.5, -1e-3, 0.0, 0.7, 4.0, 30.0])
def test_sigmoid_softplus_and_swish_are_scipys(z: float) -> None:
    kernel = library("sigmoid_softplus")
    p, near = special.expit(z), 4 * max(1.0, abs(z))  # exp(z) is as far off as z rounds
    assert_agree(kernel.sigma(z), p, 8, near)
    assert_agree(kernel.grad_sigma(z), p * special.expit(-z), 8, near)
    assert_agree(kernel.hess_sigma(z), p * special.expit(-z) * -np.tanh(z / 2), 16, near)
    assert_agree(kernel.s(z), -special.log_expit(-z), 8, near)
    assert_agree(kernel.grad_s(z), p, 8, near)
    assert_agree(kernel.f(z), z * p, 8, near)
    assert_agree(kernel.grad_f(z), p + z * p * special.expit(-z), 16, near)


def attention(Q: Array, K: Array, V: Array) -> Array:
    """Vaswani et al. (2017), equation 1; plain exponentials, so that complex numbers pass."""
    scores = np.exp(Q @ K.T / np.sqrt(Q.shape[1]))
    return scores / scores.sum(axis=1, keepdims=True) @ V


def test_attention_is_that_of_vaswani_et_al() -> None:
    kernel = library("attention")
    generator = np.random.default_rng(1)
    Q, K, V = generator.normal(size=(M, D)), generator.normal(size=(N, D)), generator.normal(size=(N, P))
    G = generator.normal(size=(M, P))
    weights = special.softmax(Q @ K.T / np.sqrt(D), axis=1)
    size = 4 * D * largest(Q) * largest(K) * largest(V)
    assert_agree(kernel.A(Q, K), weights, 8 * N * D, size)
    assert_agree(kernel.O(Q, K, V), attention(Q, K, V), 8 * N * D, size)
    found = kernel.value_and_grad_L(Q, K, V, G)
    size *= M * P * largest(G) * largest(Q, K)
    expected = {
        "Q": slope(lambda q: np.sum(G * attention(q, K, V)), Q),
        "K": slope(lambda k: np.sum(G * attention(Q, k, V)), K),
        "V": slope(lambda v: np.sum(G * attention(Q, K, v)), V),
    }
    assert_agree(found[0], np.sum(G * attention(Q, K, V)), 8 * M * N * D * P, size)
    by_shape = {array.shape: array for array in found[1:]}
    assert by_shape.keys() == {expected[name].shape for name in expected}
    for name in expected:
        assert_agree(by_shape[expected[name].shape], expected[name], 8 * M * N * D * P, size)


def normalised(x: Array, gain: Array, shift: Array, epsilon: float, axis: int) -> Array:
    """Ba, Kiros and Hinton (2016) along a row, Ioffe and Szegedy (2015) along the batch."""
    centred = x - x.mean(axis=axis, keepdims=True)
    return gain * centred / np.sqrt((centred**2).mean(axis=axis, keepdims=True) + epsilon) + shift


def test_layer_normalisation_is_that_of_ba_kiros_hinton() -> None:
    kernel = library("layer_normalisation")
    generator = np.random.default_rng(2)
    x, gamma, beta, g = generator.normal(size=(4, N))
    epsilon = 1e-5
    assert_agree(kernel.o(x, gamma, beta, epsilon), normalised(x, gamma, beta, epsilon, 0), 8 * N, 4 / x.std())
    value, to_x, to_gain, to_shift = kernel.value_and_grad_L(x, gamma, beta, g, epsilon)
    size = 8 * N * largest(x, gamma, g, 1.0) ** 3 / min(1.0, x.std()) ** 3
    assert_agree(value, g @ normalised(x, gamma, beta, epsilon, 0), 8 * N, size)
    assert_agree(to_x, slope(lambda u: g @ normalised(u, gamma, beta, epsilon, 0), x), 8 * N, size)
    assert_agree(to_gain, g * (x - x.mean()) / np.sqrt(x.var() + epsilon), 8 * N, size)
    assert_agree(to_shift, g, 1)


def test_batch_normalisation_is_scikit_learns_scaler_without_its_epsilon() -> None:
    kernel = library("batch_normalisation")
    X = np.random.default_rng(3).normal(size=(M, N))
    scaler = StandardScaler().fit(X)
    size = 4 * largest(X) / X.std(axis=0).min()
    assert_agree(kernel.mu(X), scaler.mean_, 4 * M, size)
    assert_agree(kernel.v(X), scaler.var_, 4 * M, size**2)
    assert_agree(kernel.Z(X, EPS), scaler.transform(X), 4 * M, size**2)


def test_batch_normalisation_backward_is_that_of_ioffe_and_szegedy() -> None:
    """The six equations of section 3 of their paper, in its order."""
    kernel = library("batch_normalisation")
    generator = np.random.default_rng(4)
    X, G, gamma, beta = generator.normal(size=(M, N)), generator.normal(size=(M, N)), *generator.normal(size=(2, N))
    epsilon = 1e-3
    mean, variance = X.mean(axis=0), X.var(axis=0)
    Z = (X - mean) / np.sqrt(variance + epsilon)
    to_z = G * gamma
    to_variance = np.sum(to_z * (X - mean), axis=0) * -0.5 * (variance + epsilon) ** -1.5
    to_mean = -to_z.sum(axis=0) / np.sqrt(variance + epsilon) + to_variance * np.mean(-2 * (X - mean), axis=0)
    to_x = to_z / np.sqrt(variance + epsilon) + to_variance * 2 * (X - mean) / M + to_mean / M
    value, to_gain, to_shift, to_batch = kernel.value_and_grad_L(X, gamma, beta, G, epsilon)
    size = 8 * M * N * largest(X, G, gamma) ** 3 / variance.min() ** 1.5
    assert_agree(value, np.sum(G * (gamma * Z + beta)), 4 * M * N, size)
    assert_agree(to_gain, np.sum(G * Z, axis=0), 4 * M, size)
    assert_agree(to_shift, G.sum(axis=0), 4 * M, size)
    assert_agree(to_batch, to_x, 4 * M, size)


def read_out(x: Array, W: Array, U: Array, b: Array, V: Array, c: Array) -> tuple[Array, list[Array]]:
    """Elman (1990) with a linear layer on the last state; all states are kept."""
    states = [np.zeros(len(b))]
    for entry in x:
        states.append(np.tanh(W @ states[-1] + U @ entry + b))
    return V @ states[-1] + c, states


def test_recurrent_network_is_backpropagated_through_time_as_by_werbos() -> None:
    """Backpropagation through time (1990): the error runs back along the states that the way forward has kept."""
    kernel = library("recurrent_network")
    generator = np.random.default_rng(5)
    T, k, d, p = 6, 4, 3, 2
    shapes = {"x": (T, d), "W": (k, k), "U": (k, d), "b": (k,), "V": (p, k), "c": (p,)}
    network = {name: generator.normal(size=shape) for name, shape in shapes.items()}
    y = generator.normal(size=p)
    o, states = read_out(**network)
    error = network["V"].T @ (o - y)
    expected = {name: np.zeros(shapes[name]) for name in ("W", "U", "b")}
    for before, after, entry in reversed(list(zip(states[:-1], states[1:], network["x"], strict=True))):
        inner = (1 - after**2) * error
        expected["W"] += np.outer(inner, before)
        expected["U"] += np.outer(inner, entry)
        expected["b"] += inner
        error = network["W"].T @ inner
    growth = max(1.0, np.linalg.norm(network["W"], 2)) ** T  # of an error on the way forward, and again on the way back
    size = growth**2 * largest(*network.values(), y) ** 3 * k * p
    operations = 8 * T * k * (k + d)
    assert_agree(kernel.h_step(states[0], network["W"], network["U"], network["b"], network["x"][0]), states[1], operations)
    assert_agree(kernel.o(**network), o, operations, size)
    value, to_weights, to_bias = kernel.value_and_grad_E(**network, y=y)
    assert_agree(value, (o - y) @ (o - y) / 2, operations, size)
    assert_agree(to_weights, np.outer(o - y, states[-1]), operations, size)
    assert_agree(to_bias, o - y, operations, size)
    for name, gradient in expected.items():
        assert_agree(getattr(kernel, f"grad_E_{name}")(**network, y=y), gradient, operations, size)
