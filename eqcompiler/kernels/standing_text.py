"""Text that generated modules share: what stands at the door, and the linear solvers.

Takes: nothing. Gives: Python text, to be copied into a generated module.
Guarantees: it needs numpy and numba only, so that a generated file works alone.
"""

from __future__ import annotations

DOOR = '''
def _floats(names, values):
    """Arrays of one floating dtype, in C order: integers become floats, float32 beside float64 becomes float64. Copies then."""
    arrays = [np.asarray(value) for value in values]
    for name, array in zip(names, arrays):
        if array.dtype.char not in "fd" and array.dtype.kind not in "biu":
            raise TypeError(f"{name} has dtype {array.dtype}; float64, float32 and integers are allowed")
    floating = [array.dtype for array in arrays if array.dtype.kind == "f"]
    dtype = np.result_type(*floating) if floating else np.dtype(np.float64)
    return [np.require(array, dtype.newbyteorder("="), ["C", "A"]) for array in arrays]


def _whole_numbers(name, value):
    array = np.asarray(value)
    if array.dtype.kind not in "biu":
        raise TypeError(f"{name} has dtype {array.dtype}; it must hold integers")
    return np.require(array, np.int64, ["C", "A"])


def _number(name, value):
    if isinstance(value, (str, bytes, complex, np.complexfloating)) or np.ndim(value) != 0:
        raise TypeError(f"{name} must be a number, got {type(value).__name__}")
    return float(value)


def _whole(name, value, lowest=None):
    if not hasattr(value, "__index__") or np.ndim(value) != 0:
        raise TypeError(f"{name} must be a whole number, got {type(value).__name__}")
    if lowest is not None and value < lowest:
        raise ValueError(f"{name} must be at least {lowest}, got {value}")
    return int(value)


def _check_out(name, out, shape, dtype, inputs):
    if not isinstance(out, np.ndarray):
        raise TypeError(f"{name} must be an array, got {type(out).__name__}")
    if out.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, has {out.shape}")
    if out.dtype != dtype:
        raise TypeError(f"{name} must have dtype {dtype}, has {out.dtype}")
    if not out.flags.carray:
        raise ValueError(f"{name} must be writeable and in C order")
    if any(np.may_share_memory(out, array) for array in inputs):
        raise ValueError(f"{name} shares memory with an input; inputs are never changed")


def _check_outs(outs, shapes, dtype, inputs):
    if not isinstance(outs, tuple) or len(outs) != len(shapes):
        raise TypeError(f"out must be a tuple of {len(shapes)} arrays")
    for position, (out, shape) in enumerate(zip(outs, shapes)):
        _check_out(f"out[{position}]", out, shape, dtype, inputs + outs[:position])
'''

CHOLESKY = '''
@njit(cache=True, error_model="numpy")
def _cholesky_solve(A, b, x):
    """Fills x with A x = b for a symmetric positive definite A, by Cholesky. False when A is too near to singular for that:
    the diagonal of L shows a condition number above 1/sqrt(eps)."""
    n = A.shape[0]
    try:
        L = np.linalg.cholesky(A)
    except Exception:
        return False
    smallest = L[0, 0]
    largest = L[0, 0]
    for i in range(n):
        smallest = min(smallest, L[i, i])
        largest = max(largest, L[i, i])
    if not (largest / smallest) ** 2 <= 1.0 / np.sqrt(np.finfo(A.dtype).eps):
        return False
    x[:] = b
    for i in range(n):
        for j in range(i):
            x[i] -= L[i, j] * x[j]
        x[i] /= L[i, i]
    for i in range(n - 1, -1, -1):
        x[i] /= L[i, i]
        for j in range(i):
            x[j] -= L[i, j] * x[i]
    return True
'''

POSITIVE_SOLVE = '''
@njit(cache=True, error_model="numpy")
def _positive_solve(A, b, x):
    """Fills x with A x = b for a symmetric positive semidefinite A: Cholesky, or least squares when that is not accurate."""
    if not _cholesky_solve(A, b, x):
        x[:] = np.linalg.lstsq(A, b, max(A.shape) * np.finfo(A.dtype).eps)[0]
'''

GRAM_SOLVE = '''
@njit(cache=True, error_model="numpy")
def _gram_solve(A, b, X, y, scale, shift, weight, x):
    """Fills x with A x = b, where A = scale X'X + shift I and b = weight X'y, by Cholesky. When that is not accurate:
    least squares with the rows of X themselves, sqrt(scale) X x ~ weight/sqrt(scale) y and sqrt(shift) x ~ 0."""
    if _cholesky_solve(A, b, x):
        return
    m, n = X.shape
    if not (scale > 0 and shift >= 0):
        x[:] = np.linalg.lstsq(A, b, n * np.finfo(A.dtype).eps)[0]
        return
    rows = np.zeros((m + n if shift > 0 else m, n), X.dtype)
    right = np.zeros(rows.shape[0], X.dtype)
    for i in range(m):
        right[i] = weight / np.sqrt(scale) * y[i]
        for k in range(n):
            rows[i, k] = np.sqrt(scale) * X[i, k]
    for k in range(rows.shape[0] - m):
        rows[m + k, k] = np.sqrt(shift)
    x[:] = np.linalg.lstsq(rows, right, max(m, n) * np.finfo(X.dtype).eps)[0]
'''

SQUARE_ROOT = '''
@njit(cache=True, error_model="numpy")
def _square_root(A, root):
    """Fills root with the symmetric positive semidefinite square root of A."""
    values, vectors = np.linalg.eigh(A)
    root[:, :] = np.dot(vectors * np.sqrt(values), vectors.T)
'''
