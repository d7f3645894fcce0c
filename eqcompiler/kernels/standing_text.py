"""Text that generated modules share: what stands at the door, and small whole-array steps.

Takes: nothing. Gives: Python text, to be copied into a generated module.
Guarantees: it needs numpy and numba only, so that a generated file works alone.
"""

from __future__ import annotations

DOOR = '''
_array = np.ndarray  # finding these in numpy takes as long as a look at a shape
_empty = np.empty
_FLOATING = (np.dtype(np.float64), np.dtype(np.float32))


class _Unlike(TypeError):
    """What a compiled function is called with has to be converted first."""


_TO_CONVERT = (_Unlike, AttributeError, TypeError, ValueError)


def _is_plain(array):
    return type(array) is np.ndarray and array.dtype in _FLOATING and array.flags.c_contiguous and array.flags.aligned


def _only_for(*ranks):
    """A compiled function looks at the types, ranks and layouts of its arguments, quicker than Python can. For those that it
    was not compiled for it asks here. It is compiled for C-ordered arrays of one floating dtype, read-only ones too, with
    these ranks, and for floats, and for nothing else."""

    def limited(kernel):
        compile_for = kernel._compile_for_args

        def checked(*arguments):
            for argument, rank in zip(arguments, ranks, strict=True):
                if not (_is_plain(argument) and argument.ndim == rank if rank else isinstance(argument, float)):
                    raise _Unlike
            if len({argument.dtype for argument, rank in zip(arguments, ranks, strict=True) if rank}) > 1:
                raise _Unlike
            return compile_for(*arguments)

        kernel._compile_for_args = checked
        return kernel

    return limited


def _floats(names, values):
    """Arrays of one floating dtype, in C order: integers become floats, float32 beside float64 becomes float64. Copies then."""
    arrays = [_given(name, value) for name, value in zip(names, values, strict=True)]
    for name, array in zip(names, arrays, strict=True):
        if array.dtype.char not in "fd" and array.dtype.kind not in "biu":
            raise TypeError(f"{name} has dtype {array.dtype}; float64, float32 and integers are allowed")
    floating = [array.dtype for array in arrays if array.dtype.kind == "f"]
    dtype = np.result_type(*floating) if floating else np.dtype(np.float64)
    return [np.require(array, dtype.newbyteorder("="), ["C", "A"]) for array in arrays]


def _given(name, value):
    if type(value) is np.ndarray:
        return value
    if np.ma.is_masked(value):
        raise TypeError(f"{name} has {np.ma.count_masked(value)} masked entries; fill them, or leave their rows out")
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be an array; its rows differ in length") from error


def _whole_numbers(name, value):
    array = _given(name, value)
    if array.dtype.kind not in "biu":
        raise TypeError(f"{name} has dtype {array.dtype}; it must hold integers")
    return np.require(array, np.int64, ["C", "A"])


def _number(name, value):
    real = hasattr(value, "__float__") and not isinstance(value, (str, bytes, np.complexfloating))
    if not real or getattr(value, "ndim", 0) != 0:
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


def _reuse_freed_memory():
    """The C library gives freed memory back to the system, to be fetched again page by page in the next call, until it has
    seen an array of this size freed. This one is never touched."""
    np.empty(2**25 - 2**16, np.uint8)


_reuse_freed_memory()
'''

FILL = """
@njit(cache=True)
def _fill(target, source):
    for k in range(source.size):  # much quicker to compile than target[...] = source
        target.flat[k] = source.flat[k]
"""

SQUARE_ROOT = '''
@njit(cache=True, error_model="numpy")
def _square_root(A, root):
    """Fills root with the symmetric positive semidefinite square root of A."""
    values, vectors = np.linalg.eigh(A)
    np.dot(vectors * np.sqrt(values), vectors.T, root)
'''
