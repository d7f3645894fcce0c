"""Text that generated modules share: what stands at the door, and the linear solvers.

Takes: nothing. Gives: Python text, to be copied into a generated module.
Guarantees: it needs numpy and numba only, so that a generated file works alone.
"""

from __future__ import annotations

DOOR = '''
def _floats(names, values):
    """Arrays of one floating dtype, in C order: integers become floats, float32 beside float64 becomes float64. Copies then."""
    arrays = [np.asarray(value) for value in values]
    for name, array in zip(names, arrays, strict=True):
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
    for position, (out, shape) in enumerate(zip(outs, shapes, strict=True)):
        _check_out(f"out[{position}]", out, shape, dtype, inputs + outs[:position])
'''

IN_THREADS = '''
_POOLS = {}  # by process, because a forked one has no threads, and by number of threads


def _in_threads(rows, count, work, arguments, shapes):
    """Calls rows(*arguments, start, stop, *sums) for ranges of all rows, one in each thread, as far as the work pays for them.
    Each range returns its sums of scalars and adds to arrays of its own; gives the totals, in the order of the ranges."""
    parts = max(1, min(numba.get_num_threads(), work // 1_000_000))
    calls = [(*arguments, count * p // parts, count * (p + 1) // parts, *map(np.zeros, shapes)) for p in range(parts)]
    waiting = []
    if parts > 1:
        if (os.getpid(), parts) not in _POOLS:
            _POOLS[os.getpid(), parts] = ThreadPoolExecutor(parts - 1)
        waiting = [_POOLS[os.getpid(), parts].submit(rows, *call) for call in calls[1:]]
    scalars = [rows(*calls[0]), *(answer.result() for answer in waiting)]
    arrays = [call[len(arguments) + 2 :] for call in calls]
    return [sum(parts) for parts in (*zip(*scalars, strict=True), *zip(*arrays, strict=True))]
'''

FILL = """
@njit(cache=True)
def _fill(target, source):
    for k in range(source.size):  # much quicker to compile than target[...] = source
        target.flat[k] = source.flat[k]
"""

CHOLESKY = '''
@njit(cache=True)
def _eps(A):
    """The distance from 1 to the next number of the type of A, float32 or float64."""
    return 2.0**-52 if A.itemsize == 8 else 2.0**-23


@njit(cache=True, error_model="numpy")
def _cholesky_solve(A, b, x):
    """Fills x with A x = b for a symmetric positive definite A, by Cholesky. False when A is too near to singular for that:
    elimination has cancelled more than half of the digits of a diagonal entry. Entries that are not finite give NaN."""
    n = A.shape[0]
    finite = True
    for i in range(n):
        for j in range(n):
            finite = finite and np.isfinite(A[i, j])
    if not finite:
        _fill(x, np.full_like(b, np.nan))
        return True
    try:
        L = np.linalg.cholesky(A)
    except Exception:  # numba cannot name LinAlgError; nothing else can go wrong here
        return False
    kept = 1.0
    for i in range(n):
        kept = min(kept, L[i, i] * L[i, i] / A[i, i])
    if kept < np.sqrt(_eps(A)):
        return False
    _fill(x, b)
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

LEAST_SQUARES = '''
@njit(cache=True, error_model="numpy")
def _least_squares(A, b, x):
    """Fills x with the shortest of all x that minimise |A x - b|, by the singular values of A."""
    U, values, V = np.linalg.svd(A, False)
    c = np.dot(U.T, b)
    for k in range(values.size):
        if values[k] > max(A.shape) * _eps(A) * values[0]:
            c[k] /= values[k]
        else:
            c[k] *= 0.0
    np.dot(V.T, c, x)
'''

POSITIVE_SOLVE = '''
@njit(cache=True, error_model="numpy")
def _positive_solve(A, b, x):
    """Fills x with A x = b for a symmetric positive semidefinite A: Cholesky, or least squares when that is not accurate."""
    if not _cholesky_solve(A, b, x):
        _least_squares(A, b, x)
'''

GRAM_SOLVE = '''
@njit(cache=True, error_model="numpy")
def _gram_solve(A, b, X, y, scale, shift, weight, x):
    """Fills x with A x = b, where A = scale X'X + shift I and b = weight X'y, by Cholesky. When that is not accurate:
    least squares with the rows of X themselves, sqrt(scale) X x ~ weight/sqrt(scale) y and sqrt(shift) x ~ 0."""
    if _cholesky_solve(A, b, x):
        return
    m, n = X.shape
    lengthened = scale > 0 and shift >= 0
    rows = np.zeros((m + n if shift > 0 else m, n), A.dtype) if lengthened else A
    right = np.zeros(rows.shape[0], A.dtype) if lengthened else b
    if lengthened:
        for i in range(m):
            right[i] = weight / np.sqrt(scale) * y[i]
            for k in range(n):
                rows[i, k] = np.sqrt(scale) * X[i, k]
        for k in range(rows.shape[0] - m):
            rows[m + k, k] = np.sqrt(shift)
    _least_squares(rows, right, x)
'''

SQUARE_ROOT = '''
@njit(cache=True, error_model="numpy")
def _square_root(A, root):
    """Fills root with the symmetric positive semidefinite square root of A."""
    values, vectors = np.linalg.eigh(A)
    np.dot(vectors * np.sqrt(values), vectors.T, root)
'''
