"""Linear systems in generated modules: one Cholesky factor, and what is done where it is not accurate.

Takes: nothing. Gives: Python text, to be copied into a generated module.
Guarantees: it needs numpy and numba only, with the BLAS and LAPACK that Numba itself calls. A factor that has lost more than
half of the digits is never used: systems then become least squares by QR with pivots;
determinants and inverses go by elimination with pivots.
"""

from __future__ import annotations

from eqcompiler.kernels.standing_text import FILL, SQUARE_ROOT

LAPACK = '''
@cache
def _link():
    """Tells compiled functions where SciPy keeps the BLAS and LAPACK that products in compiled functions call too."""
    for kind, names in (("blas", "syrk trsm"), ("lapack", "potrf potri gelsy")):
        for name in (letter + name for name in names.split() for letter in "ds"):
            add_symbol(f"scipy_{name}", get_cython_function_address(f"scipy.linalg.cython_{kind}", name))


def _fortran(name, count):
    """The float64 and the float32 form of a function that takes addresses only. What lies there is used again after the call:
    else it would be gone before."""
    signature = types.void(*[types.uintp] * count)
    return tuple(types.ExternalFunction(f"scipy_{letter}{name}", signature) for letter in "ds")


_LOWER, _PLAIN, _TURNED, _RIGHT = (np.array([ord(letter)], np.uint8) for letter in "LNTR")  # rows are columns for Fortran
'''


def _on_lower(routine: str, array: str) -> str:
    """The lines that call LAPACK on the lower triangle of a square array of size n; sizes[1] is what it reports."""
    arguments = f"_LOWER.ctypes.data, at, {array}.ctypes.data, at, at + 4"
    return f"""\
    sizes = np.array([n, 0], np.int32)
    at = sizes.ctypes.data
    if A.itemsize == 8:
        _d{routine}({arguments})
    else:
        _s{routine}({arguments})
"""


MIRRORED = '''
@njit(cache=True)
def _mirrored(A):
    """Copies what stands above the diagonal below it, from 32 rows at a time."""
    n = A.shape[0]
    for start in range(0, n, 32):
        for i in range(start, n):
            for j in range(start, min(start + 32, i)):
                A[i, j] = A[j, i]
'''

SYMMETRIC_DOT = '''
_dsyrk, _ssyrk = _fortran("syrk", 10)


@njit(cache=True)
def _half_dot(X, turned, P):
    """Fills what stands above the diagonal of P, and the diagonal, with X'X, when turned, or XX'."""
    n, m = X.shape[::-1] if turned else X.shape
    sizes, numbers = np.array([n, m, X.shape[1], n], np.int32), np.array([1, 0], X.dtype)
    at, entry, form = sizes.ctypes.data, numbers.ctypes.data, (_PLAIN if turned else _TURNED).ctypes.data
    rows, product = X.ctypes.data, P.ctypes.data
    if X.itemsize == 8:
        _dsyrk(_LOWER.ctypes.data, form, at, at + 4, entry, rows, at + 8, entry + 8, product, at + 12)
    else:
        _ssyrk(_LOWER.ctypes.data, form, at, at + 4, entry, rows, at + 8, entry + 4, product, at + 12)
    return sizes[0] + numbers[0]


def _symmetric_dot(X, turned, P):
    """Fills P with X'X, when turned, or XX', and gives it; one half is computed. For a large P by the BLAS that compiled
    functions call: its threads, which are to factor P, and those of NumPy's own BLAS would stall one another."""
    if P.shape[0] < 256:
        return np.dot(X.T, X, P) if turned else np.dot(X, X.T, P)
    _link()
    _half_dot(X, turned, P)
    _mirrored(P)
    return P
'''

FACTOR = (
    '''
_dpotrf, _spotrf = _fortran("potrf", 5)


@njit(cache=True)
def _eps(A):
    """The distance from 1 to the next number of the type of A, float32 or float64."""
    return 2.0**-52 if A.itemsize == 8 else 2.0**-23


@njit(cache=True, error_model="numpy", fastmath={"reassoc"})
def _factor(A):
    """The upper triangular R with R'R = A, for a symmetric positive definite A; R[0, 0] = 0 when A is too near to singular:
    elimination has cancelled more than half of the digits of a diagonal entry. Entries that are not finite give NaN.
    What stands below the diagonal of R means nothing."""
    n = A.shape[0]
    R = np.empty_like(A)
    zero = 0.0
    for i in range(n):
        for j in range(n):
            R[i, j] = A[i, j]
            zero += 0.0 * A[i, j]
    if zero != 0.0:
        R[:, :] = zero
        return R
'''
    + _on_lower("potrf", "R")
    + """\
    kept = 1.0 if sizes[1] == 0 else 0.0
    for i in range(n):
        kept = min(kept, R[i, i] * R[i, i] / A[i, i])
    if not kept >= np.sqrt(_eps(A)):
        R[0, 0] = 0.0
    return R
"""
)

LEAST_SQUARES = '''
_dgelsy, _sgelsy = _fortran("gelsy", 13)


@njit(cache=True, error_model="numpy")
def _shortest(A, b, x):
    """Fills x with the shortest of all x that minimise |A x - b|, by a QR factorization that takes the longest column left
    each time; columns shorter than rounding are left out."""
    m, n = A.shape
    columns = b.size // m
    longest = max(m, n)
    turned, right = np.empty((n, m), A.dtype), np.zeros((columns, longest), A.dtype)
    for i in range(m):
        for j in range(n):
            turned[j, i] = A[i, j]
        for c in range(columns):
            right[c, i] = b.flat[i * columns + c]
    room = 36 * (n + 1) + 33 * columns
    sizes = np.array([m, n, columns, m, longest, 0, room, 0], np.int32)
    pivots, limit, work = np.zeros(n, np.int32), np.array([longest * _eps(A)], A.dtype), np.empty(room, A.dtype)
    at, matrix, given = sizes.ctypes.data, turned.ctypes.data, right.ctypes.data
    order, rcond, scratch = pivots.ctypes.data, limit.ctypes.data, work.ctypes.data
    if A.itemsize == 8:
        _dgelsy(at, at + 4, at + 8, matrix, at + 12, given, at + 16, order, rcond, at + 20, scratch, at + 24, at + 28)
    else:
        _sgelsy(at, at + 4, at + 8, matrix, at + 12, given, at + 16, order, rcond, at + 20, scratch, at + 24, at + 28)
    for j in range(n):
        for c in range(columns):
            x.flat[j * columns + c] = right[c, j]
    return sizes[5], pivots[0], limit[0], work[0], turned[0, 0]
'''

SUBSTITUTED = '''
_dtrsm, _strsm = _fortran("trsm", 11)


@njit(cache=True, error_model="numpy")
def _substituted_columns(R, x):
    """Turns the columns b in x into the x with R'R x = b. The rows of R and x are the columns of BLAS."""
    n, columns = x.shape
    sizes, one = np.array([columns, n], np.int32), np.array([1], R.dtype)
    at, factor, found, entry = sizes.ctypes.data, R.ctypes.data, x.ctypes.data, one.ctypes.data
    right, lower, plain = _RIGHT.ctypes.data, _LOWER.ctypes.data, _PLAIN.ctypes.data
    for form in (_TURNED, _PLAIN):
        if R.itemsize == 8:
            _dtrsm(right, lower, form.ctypes.data, plain, at, at + 4, entry, factor, at + 4, found, at)
        else:
            _strsm(right, lower, form.ctypes.data, plain, at, at + 4, entry, factor, at + 4, found, at)
    return sizes[0] + one[0]


@njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract"})
def _substituted(R, b, x):
    """Fills x with R'R x = b, for a vector, row by row of R, which is how it lies in memory, or for columns."""
    n = R.shape[0]
    x[...] = b
    if x.size > n:
        _substituted_columns(R, x.reshape(n, -1))
        return
    found = x.reshape(n)
    for j in range(n):
        found[j] /= R[j, j]
        x_j = found[j]
        for i in range(j + 1, n):
            found[i] -= R[j, i] * x_j
    for i in range(n - 1, -1, -1):
        total = found[i]
        for j in range(i + 1, n):
            total -= R[i, j] * found[j]
        found[i] = total / R[i, i]
'''

FACTOR_SOLVE = '''
@njit(cache=True, error_model="numpy")
def _factor_solve(R, b, A, x):
    """Fills x with A x = b for a symmetric positive semidefinite A with the factor R; least squares where there is none."""
    if R[0, 0] == 0.0:
        _shortest(A, b, x)
    else:
        _substituted(R, b, x)
'''

SYMMETRIC_FACTOR_SOLVE = '''
@njit(cache=True, error_model="numpy")
def _symmetric_factor_solve(R, b, A, x):
    """Fills x with A x = b for a symmetric A with the factor R; elimination with pivots where there is none."""
    if R[0, 0] == 0.0:
        _fill(x, np.linalg.solve(A, b))
    else:
        _substituted(R, b, x)
'''

POSITIVE_SOLVE = '''
@njit(cache=True, error_model="numpy")
def _positive_solve(A, b, x):
    """Fills x with A x = b for a symmetric positive semidefinite A: Cholesky, or least squares when that is not accurate."""
    _factor_solve(_factor(A), b, A, x)
'''

GRAM_SOLVE = '''
@njit(cache=True, error_model="numpy", fastmath={"reassoc"})
def _condition(A, R):
    """Estimates |A| |A^-1| (largest column sums) for A = R'R: the direction in which A^-1 grows most is climbed to."""
    n = A.shape[0]
    norm = 0.0
    for i in range(n):
        total = 0.0
        for j in range(n):
            total += abs(A[i, j])
        norm = max(norm, total)
    x, y, z = np.full(n, 1.0 / n).astype(A.dtype), np.empty(n, A.dtype), np.empty(n, A.dtype)
    largest = 0.0
    for _ in range(5):
        _substituted(R, x, y)
        length = 0.0
        for i in range(n):
            length += abs(y[i])
            y[i] = np.copysign(1.0, y[i])
        if length <= largest:
            break
        largest = length
        _substituted(R, y, z)
        best, along = 0, 0.0
        for i in range(n):
            along += z[i] * x[i]
            if abs(z[i]) > abs(z[best]):
                best = i
        if abs(z[best]) <= along:
            break
        x[:] = 0.0
        x[best] = 1.0
    return norm * largest


@njit(cache=True, error_model="numpy")
def _gram_solve(A, b, X, y, scale, shift, weight, x):
    """Fills x with A x = b, where A = scale X'X + shift I and b = weight X'y, by Cholesky. Where the condition estimate says
    that A has lost half of the digits: least squares with the rows of X themselves, by QR with pivots,
    sqrt(scale) X x ~ weight/sqrt(scale) y and sqrt(shift) x ~ 0."""
    R = _factor(A)
    if R[0, 0] != 0.0 and not _condition(A, R) > 1.0 / np.sqrt(_eps(A)):
        _substituted(R, b, x)
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
    _shortest(rows, right, x)
'''

FACTOR_LOGDET = '''
@njit(cache=True, error_model="numpy")
def _factor_logdet(R, A):
    """log det A for a symmetric positive semidefinite A with the factor R."""
    if R[0, 0] == 0.0:
        return np.linalg.slogdet(A)[1]
    total = 0.0
    for i in range(R.shape[0]):
        total += 2.0 * np.log(R[i, i])
    return total
'''

FACTOR_INVERSE = (
    '''
_dpotri, _spotri = _fortran("potri", 5)


@njit(cache=True, error_model="numpy")
def _factor_inverse(R, A, B):
    """Fills B with the inverse of a symmetric A with the factor R; elimination with pivots where there is none."""
    if R[0, 0] == 0.0:
        B[:, :] = np.linalg.inv(A)
        return
    n = R.shape[0]
    B[:, :] = R
'''
    + _on_lower("potri", "B")
    + """\
    if sizes[0] > 0:
        _mirrored(B)
"""
)

_SYSTEM = (LAPACK, FACTOR, LEAST_SQUARES, SUBSTITUTED, FACTOR_SOLVE)
# operation of a library call -> the texts behind it, each after those that it calls
SOLVERS = {
    "symmetric dot": (LAPACK, MIRRORED, SYMMETRIC_DOT),
    "cholesky solve": (*_SYSTEM, POSITIVE_SOLVE),
    "gram solve": (*_SYSTEM, GRAM_SOLVE),
    "cholesky": (LAPACK, FACTOR),
    "factor solve": _SYSTEM,
    "symmetric factor solve": (FILL, LAPACK, FACTOR, SUBSTITUTED, SYMMETRIC_FACTOR_SOLVE),
    "factor logdet": (LAPACK, FACTOR, FACTOR_LOGDET),
    "factor inverse": (LAPACK, MIRRORED, FACTOR, FACTOR_INVERSE),
    "matsqrt": (SQUARE_ROOT,),
    **dict.fromkeys(("solve", "inverse", "pseudoinverse", "matpow"), (FILL,)),
}
