"""Linear systems in generated modules: one Cholesky factor, and what is done where it is not accurate.

Takes: nothing. Gives: Python text, to be copied into a generated module.
Guarantees: it needs numpy and numba only. A factor that has lost more than half of the digits is never used: systems then
become least squares by singular values, determinants and inverses go by elimination with pivots.
"""

from __future__ import annotations

FACTOR = '''
@njit(cache=True)
def _eps(A):
    """The distance from 1 to the next number of the type of A, float32 or float64."""
    return 2.0**-52 if A.itemsize == 8 else 2.0**-23


@njit(cache=True, error_model="numpy")
def _factor(A):
    """The upper triangular R with R'R = A, for a symmetric positive definite A; R[0, 0] = 0 when A is too near to singular:
    elimination has cancelled more than half of the digits of a diagonal entry. Entries that are not finite give NaN."""
    n = A.shape[0]
    finite = True
    for i in range(n):
        for j in range(n):
            finite = finite and np.isfinite(A[i, j])
    if not finite:
        return np.full_like(A, np.nan)
    try:
        R = np.linalg.cholesky(A.T).T
    except Exception:  # numba cannot name LinAlgError; nothing else can go wrong here
        return np.zeros_like(A)
    kept = 1.0
    for i in range(n):
        kept = min(kept, R[i, i] * R[i, i] / A[i, i])
    if kept < np.sqrt(_eps(A)):
        R[0, 0] = 0.0
    return R
'''

FACTOR_SOLVE = '''
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


@njit(cache=True, error_model="numpy")
def _substituted(R, b, x):
    """Fills x with R'R x = b, for a vector or for columns; row by row of R, which is how it lies in memory."""
    n = R.shape[0]
    rows, right = x.reshape(n, -1), b.reshape(n, -1)
    columns = rows.shape[1]
    for i in range(n):
        for c in range(columns):
            rows[i, c] = right[i, c]
    for j in range(n):
        for c in range(columns):
            rows[j, c] /= R[j, j]
        if columns == 1:
            x_j = rows[j, 0]
            for i in range(j + 1, n):
                rows[i, 0] -= R[j, i] * x_j
        else:
            for i in range(j + 1, n):
                for c in range(columns):
                    rows[i, c] -= R[j, i] * rows[j, c]
    for i in range(n - 1, -1, -1):
        if columns == 1:
            total = rows[i, 0]
            for j in range(i + 1, n):
                total -= R[i, j] * rows[j, 0]
            rows[i, 0] = total
        else:
            for j in range(i + 1, n):
                for c in range(columns):
                    rows[i, c] -= R[i, j] * rows[j, c]
        for c in range(columns):
            rows[i, c] /= R[i, i]


@njit(cache=True, error_model="numpy")
def _factor_solve(R, b, A, x):
    """Fills x with A x = b for a symmetric positive semidefinite A with the factor R; least squares where there is none."""
    if R[0, 0] == 0.0:
        _least_squares(A, b, x)
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
@njit(cache=True, error_model="numpy")
def _gram_solve(A, b, X, y, scale, shift, weight, x):
    """Fills x with A x = b, where A = scale X'X + shift I and b = weight X'y, by Cholesky. When that is not accurate:
    least squares with the rows of X themselves, sqrt(scale) X x ~ weight/sqrt(scale) y and sqrt(shift) x ~ 0."""
    R = _factor(A)
    if R[0, 0] != 0.0:
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
    _least_squares(rows, right, x)
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

FACTOR_INVERSE = '''
@njit(cache=True, error_model="numpy")
def _triangle_inverse(R):
    """The inverse of an upper triangular matrix, 32 rows at a time from the last ones: matrix products do the work."""
    n = R.shape[0]
    V = np.zeros_like(R)
    for end in range(n, 0, -32):
        start = max(end - 32, 0)
        for i in range(end - 1, start - 1, -1):
            V[i, i] = 1.0 / R[i, i]
            for k in range(i + 1, end):
                for j in range(k, end):
                    V[i, j] -= R[i, k] * V[k, j]
            for j in range(i + 1, end):
                V[i, j] *= V[i, i]
        if end < n:
            above = np.dot(np.ascontiguousarray(R[start:end, end:]), np.ascontiguousarray(V[end:, end:]))
            V[start:end, end:] = -np.dot(np.ascontiguousarray(V[start:end, start:end]), above)
    return V


@njit(cache=True, error_model="numpy")
def _factor_inverse(R, A, B):
    """Fills B with the inverse of a symmetric positive definite A with the factor R, 32 rows of one half at a time."""
    n = R.shape[0]
    if R[0, 0] == 0.0:
        B[:, :] = np.linalg.inv(A)
        return
    V = _triangle_inverse(R)
    for start in range(0, n, 32):
        end = min(start + 32, n)
        rows = np.ascontiguousarray(V[start:end, start:])
        half = np.dot(np.ascontiguousarray(V[:end, start:]), rows.T)
        for i in range(end):
            for j in range(end - start):
                B[i, start + j] = half[i, j]
                B[start + j, i] = half[i, j]
'''
