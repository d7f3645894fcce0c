"""Text of generated samplers: their door, and one function for each law.

Takes: nothing. Gives: Python text, to be copied into a generated module.
Guarantees: it needs numpy only; all randomness comes from the generator that the seed makes.
"""

from __future__ import annotations

SAMPLER_DOOR = '''
def _generator(seed):
    """NumPy's generator of this seed; a generator that is given goes on where it stands."""
    if isinstance(seed, np.random.Generator):
        return seed
    return np.random.default_rng(_whole("seed", seed, 0))


def _stacked(names, ranks, values, count):
    """The values with an axis in front: one row for each draw, or one row for all. Also the number of draws, None for one."""
    arrays, owner = [], "count"
    rows = None if count is None else _whole("count", count, 1)
    for name, rank, value in zip(names, ranks, values, strict=True):
        array = _given(name, value)
        if array.dtype.kind not in "biuf":
            raise TypeError(f"{name} has dtype {array.dtype}; floating numbers and integers are allowed")
        if array.ndim not in (rank, rank + 1):
            axes = f"{rank} {'axis' if rank == 1 else 'axes'}"
            raise ValueError(f"{name} must have {axes}, or one more with a row for each draw; it has shape {array.shape}")
        if array.ndim > rank:
            if rows is not None and len(array) != rows:
                shown = f"count is {rows}" if owner == "count" else f"{owner} has {rows} rows"
                raise ValueError(f"{shown}, {name} has {len(array)} rows")
            rows, owner = len(array), name if rows is None else owner
        arrays.append(np.require(array if array.ndim > rank else array[None], np.float64, ["C", "A"]))
    if rows == 0:
        raise ValueError(f"{owner} has 0 rows, at least 1 needed")
    return arrays, rows


def _sizes(given):
    """The sizes that the arrays show behind their first axis; one name has one size."""
    found = {}
    for name, array, axes in given:
        for length, axis in zip(array.shape[1:], axes, strict=True):
            known, owner = (axis, "it") if isinstance(axis, int) else found.setdefault(axis, (length, name))
            if length != known:
                shown = f"{owner} must have" if isinstance(axis, int) else f"{owner} has {axis} ="
                raise ValueError(f"{shown} {known}, {name} has {length}")
            if length < 1:
                raise ValueError(f"{name} has {length} entries, at least 1 needed")
    return {axis: length for axis, (length, _) in found.items()}


def _legal(name, value, lowest, highest=np.inf, above=False):
    """The parameter itself, when all of it lies in its range."""
    inside = (value > lowest if above else value >= lowest) & (value <= highest)
    if not np.all(inside):
        bad = np.asarray(value)[~np.broadcast_to(inside, np.shape(value))].flat[0]
        limit = f"above {lowest}" if above else f"at least {lowest}"
        raise ValueError(f"{name} must be {limit}{'' if highest == np.inf else f' and at most {highest}'}, is {bad}")
    return value


def _one_or_all(values, rows):
    """The only row where one draw was asked for; a number is a float then."""
    return values if rows is not None else float(values[0]) if values.ndim == 1 else values[0]
'''

# law -> the text that draws it; rng, the name, the shape with the draws in front, the parameters
LAW_TEXTS = {
    "normal": """
def _normal(rng, name, shape, mean, variance):
    return mean + np.sqrt(_legal(f"the variance of {name}", variance, 0.0)) * rng.standard_normal(shape)
""",
    "normal vectors": '''
def _normal_vectors(rng, name, shape, mean, variance):
    """mean + R z, where R R^T is the variance: by Cholesky, and by eigenvalues where that is only semidefinite."""
    n = shape[-1]
    size = np.max(np.abs(variance))
    tolerance = 4 * n * np.finfo(float).eps * size  # rounding of a variance that was computed
    if not np.max(np.abs(variance - np.swapaxes(variance, -1, -2))) <= tolerance:
        raise ValueError(f"the variance of {name} must be symmetric and finite")
    try:
        root = np.linalg.cholesky(variance)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(variance)
        values = np.where(np.abs(values) <= tolerance, 0.0, values)
        root = vectors * np.sqrt(_legal(f"the smallest eigenvalue of the variance of {name}", values, 0.0))[..., None, :]
    return mean + np.matmul(root, rng.standard_normal(shape)[..., None])[..., 0]
''',
    "uniform": """
def _uniform(rng, name, shape, lowest, highest):
    return lowest + _legal(f"the length of the interval of {name}", highest - lowest, 0.0) * rng.random(shape)
""",
    "exponential": """
def _exponential(rng, name, shape, rate):
    return rng.standard_exponential(shape) / _legal(f"the rate of {name}", rate, 0.0, above=True)
""",
    "laplace": """
def _laplace(rng, name, shape, mean, scale):
    return rng.laplace(mean, _legal(f"the scale of {name}", scale, 0.0), shape)
""",
    "gamma": """
def _gamma(rng, name, shape, form, rate):
    form = _legal(f"the shape of {name}", form, 0.0, above=True)
    return rng.standard_gamma(form, shape) / _legal(f"the rate of {name}", rate, 0.0, above=True)
""",
    "beta": """
def _beta(rng, name, shape, first, second):
    first = _legal(f"the first shape of {name}", first, 0.0, above=True)
    return rng.beta(first, _legal(f"the second shape of {name}", second, 0.0, above=True), shape)
""",
    "bernoulli": """
def _bernoulli(rng, name, shape, probability):
    return (rng.random(shape) < _legal(f"the probability of {name}", probability, 0.0, 1.0)).astype(np.float64)
""",
    "poisson": """
def _poisson(rng, name, shape, rate):
    return rng.poisson(_legal(f"the rate of {name}", rate, 0.0), shape).astype(np.float64)
""",
}
