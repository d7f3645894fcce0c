"""Text with which a generated module asks the memory for what it needs soon.

Takes: nothing. Gives: Python text, to be copied into a generated module.
Guarantees: no value changes; a place outside of the array is asked for in vain.

Processors fetch ahead what is read in order. A kernel that reads a row twice, the second time from the cache, pauses between,
and the fetching with it: on data outside of the caches a gradient of least squares loses a tenth of the bandwidth.
"""

from __future__ import annotations

# From so many entries on a matrix is read from memory; rows that are shorter than WIDE take longer to add than to read.
FAR, WIDE = 2**22, 32
# how many entries ahead of a row the memory is asked, and how many come at once
AHEAD, AT_ONCE = 512, 8

FETCH = '''
@intrinsic
def _fetch(typing, array, row, column):
    """Asks the memory for array[row, column], which need not exist, and does not wait for it."""

    def code(context, builder, signature, values):
        given = context.make_array(array)(context, builder, values[0])
        entry = builder.add(builder.mul(values[1], builder.extract_value(given.shape, 1)), values[2])
        place, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        wanted = builder.bitcast(builder.gep(given.data, [entry]), place)
        asks = ir.FunctionType(ir.VoidType(), [place, number, number, number])
        ask = builder.module.declare_intrinsic("llvm.prefetch", (place,), asks)
        builder.call(ask, [wanted, number(0), number(3), number(1)])  # to be read, to be kept near, data
        return values[2]

    return column(array, row, column), code
'''
