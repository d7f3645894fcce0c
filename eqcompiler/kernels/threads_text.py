"""Text with which a generated module shares out rows to threads.

Takes: nothing. Gives: Python text, to be copied into a generated module.
Guarantees: it needs numpy and numba only. The ranges of rows follow from the work and the number of threads, and their sums are
added in the order of the ranges: whoever takes a range, and whenever, the bits of a result are the same.

A thread that waits for the lock of the interpreter sleeps, and to wake takes as long as to read a megabyte.
So a job is compiled code from its first range to its last: ranges are taken with an atomic addition, helpers that have finished
look out for the next job there, and come back to Python only when the caller has left it. The caller waits for ranges that a
helper has begun, never for a helper that has not come yet.
"""

from __future__ import annotations

IN_THREADS = '''
_TEAMS = {}  # by process, because a forked one has no threads
_LOOKS = 1_000_000  # about a fifth of a millisecond
_processor = getattr(ctypes.CDLL(None), "sched_getcpu", None) if hasattr(os, "sched_setaffinity") else None


@intrinsic
def _add_at(typing, whole, place, more):
    """Adds to whole[place], with nothing of another thread in between; gives what was there."""

    def code(context, builder, signature, values):
        data = context.make_array(whole)(context, builder, values[0]).data
        return builder.atomic_rmw("add", builder.gep(data, [values[1]]), values[2], "seq_cst")

    return whole.dtype(whole, whole.dtype, whole.dtype), code


@intrinsic
def _seen_at(typing, whole, place):
    """whole[place] as other threads have left it."""

    def code(context, builder, signature, values):
        data = context.make_array(whole)(context, builder, values[0]).data
        return builder.load_atomic(builder.gep(data, [values[1]]), "seq_cst", 8)

    return whole.dtype(whole, whole.dtype), code


@njit(cache=True, nogil=True)
def _takes(shares, signal, thread):
    """Whether there is one more range of rows for a thread. Row 0 of shares: the next range, the numbers of ranges and of rows,
    1 when all is done, the number of the job. The row of a thread: 1 while it works, its range, where that starts and stops.
    The caller is thread 1. When no range is left it looks until nobody works, a helper until the next job is signalled."""
    own = shares[thread]
    if own[0] == 0:
        _add_at(own, 0, 1)
        if thread == 1:
            _add_at(signal, 0, 1)
    part = _add_at(shares[0], 0, 1)
    if part < shares[0, 1]:
        own[1], own[2], own[3] = part, shares[0, 2] * part // shares[0, 1], shares[0, 2] * (part + 1) // shares[0, 1]
        return True
    _add_at(own, 0, -1)
    for _ in range(_LOOKS):
        if thread > 1 and _seen_at(signal, 0) != shares[0, 4]:
            return False
        if thread == 1:
            working = 0
            for k in range(1, len(shares)):
                working += _seen_at(shares[k], 0)
            if working == 0:
                shares[0, 3] = 1
                return False
    return False


class _Helper(threading.Thread):
    """Does jobs beside their caller, as thread `number`."""

    def __init__(self, number):
        super().__init__(daemon=True)
        self.number = number
        self.turn, self.bell = threading.Lock(), threading.Lock()
        self.asleep, self.job, self.avoided = False, None, None
        self.bell.acquire()
        self.start()

    def run(self):
        while True:
            with self.turn:
                job, self.job = self.job, None
                self.asleep = job is None
            if job is None:
                self.bell.acquire()
            else:
                job(self.number)

    def begin(self, job):
        with self.turn:
            self.job = job
            if self.asleep:
                self.asleep = False
                self.keep_away()
                self.bell.release()

    def keep_away(self):
        """From the processor of the caller, where systems like to wake a thread, and leave it behind the caller for long."""
        here = _processor() if _processor else None
        if here != self.avoided:
            self.avoided = here
            with suppress(OSError):  # where that is not allowed it runs where the system lets it
                os.sched_setaffinity(self.native_id, os.sched_getaffinity(0) - {here} or {here})


class _Team:
    """The helpers of one process; one caller has them at a time, another one works alone."""

    def __init__(self):
        self.free, self.helpers, self.signal = threading.Lock(), [], np.zeros(1, np.int64)

    def do(self, job, count):
        if not self.free.acquire(blocking=False):
            job(1)
            return
        try:
            while len(self.helpers) < count:
                self.helpers.append(_Helper(len(self.helpers) + 2))
            for helper in self.helpers[:count]:
                helper.begin(job)
            job(1)
        finally:
            self.free.release()


def _in_threads(rows, turns, count, work, arguments, shapes):
    """The sums over all rows, of shapes () or more: rows(*arguments, start, stop, *arrays) returns its sums of scalars and
    adds to arrays. Where the work pays for threads, turns(*arguments, shares, signal, thread, *sums) does that for one range
    after the other, each with sums of its own."""
    threads = numba.get_num_threads()
    parts = min(8 * threads, work // 150_000)
    if threads == 1 or parts < 6:  # some 50 microseconds of work, of which waking a helper may cost half
        arrays = [np.zeros(shape) for shape in shapes if shape]
        return [*rows(*arguments, 0, count, *arrays), *arrays]
    team = _TEAMS.get(os.getpid()) or _TEAMS.setdefault(os.getpid(), _Team())
    sums, failures = [np.zeros((parts, *shape)) for shape in shapes], []
    shares = np.zeros((min(threads, parts) + 1, 8), np.int64)
    shares[0] = 0, parts, count, 0, team.signal[0] + 1, 0, 0, 0

    def job(thread):
        try:
            turns(*arguments, shares, team.signal, thread, *sums)
        except Exception as failure:  # no further range is begun, and the caller raises it
            failures.append(failure)
            shares[0, 0], shares[thread, 0] = parts, 0

    team.do(job, len(shares) - 2)
    if not shares[0, 3]:
        while shares[1:, 0].any():
            time.sleep(1e-4)
    if failures:
        raise failures[0]
    return [np.add.reduce(ranges) for ranges in sums]
'''
