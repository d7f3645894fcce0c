"""Text with which a generated module shares out rows to threads.

Takes: nothing. Gives: Python text, to be copied into a generated module.
Guarantees: it needs numpy and numba only. The ranges of rows follow from the work and the number of threads, and their sums are
added in the order of the ranges: whoever takes a range, and whenever, the bits of a result are the same.

Helpers look out for work for a tenth of a millisecond before they sleep: to wake a sleeping thread takes as long as to read a
megabyte. The caller waits for what a helper has begun, never for one that has not come yet.
"""

from __future__ import annotations

IN_THREADS = '''
_TEAMS = {}  # by process, because a forked one has no threads
_LOOKS = 200_000  # about a tenth of a millisecond


@njit(cache=True, nogil=True)
def _changes(flags, place, value):
    """Whether flags[place] is another value before so many looks are over. It is looked at some microseconds longer: until
    then who has set it may hold the lock of the interpreter."""
    looks = 0
    for look in range(_LOOKS):
        flags[place + 1] = look  # a store between two loads, so that no compiler takes the second for the first
        looks += flags[place] != value
        if looks > 4000:
            return True
    return False


class _Helper(threading.Thread):
    """Does jobs beside their caller."""

    def __init__(self):
        super().__init__(daemon=True)
        self.flags = np.zeros(32, np.int64)  # 0: the number of jobs so far, 16: 1 during a job; they are apart in the cache
        self.turn, self.bell, self.working = threading.Lock(), threading.Lock(), threading.Lock()
        self.asleep, self.job, self.failure = False, None, None
        self.bell.acquire()
        self.start()

    def run(self):
        while True:
            seen = int(self.flags[0])
            with self.working:
                self.work()
            if not _changes(self.flags, 0, seen):
                with self.turn:
                    sleeps = self.asleep = self.flags[0] == seen
                if sleeps:
                    self.bell.acquire()

    def work(self):
        if self.job is not None:
            self.flags[16] = 1
            try:
                self.job()
            except Exception as failure:  # the caller raises it
                self.failure = failure
            self.flags[16] = 0

    def begin(self, job):
        with self.turn:
            self.job = job
            self.flags[0] += 1
            if self.asleep:
                self.asleep = False
                self.bell.release()

    def finish(self):
        """Waits for the end of what was begun; gives what was raised."""
        if self.flags[16]:
            _changes(self.flags, 16, 1)
        with self.working:
            failure, self.failure, self.job = self.failure, None, None
        return failure


class _Team:
    """The helpers of one process; one caller has them at a time, another one works alone."""

    def __init__(self):
        self.free, self.helpers = threading.Lock(), []

    def do(self, job, count):
        if not self.free.acquire(blocking=False):
            job()
            return
        try:
            while len(self.helpers) < count:
                self.helpers.append(_Helper())
            for helper in self.helpers[:count]:
                helper.begin(job)
            try:
                job()
            finally:
                failures = [helper.finish() for helper in self.helpers[:count]]
        finally:
            self.free.release()
        for failure in failures:
            if failure is not None:
                raise failure


def _in_threads(rows, count, work, arguments, shapes):
    """Calls rows(*arguments, start, stop, *sums) for ranges of all rows, as many as the work pays for; the threads take one
    after the other. Each range returns its sums of scalars and adds to arrays of its own; gives the totals."""
    threads = numba.get_num_threads()
    parts = min(4 * threads, work // 600_000) if threads > 1 else 1
    if parts < 2:
        arrays = [np.zeros(shape) for shape in shapes]
        return [*rows(*arguments, 0, count, *arrays), *arrays]
    arrays = [np.zeros((parts, *shape)) for shape in shapes]
    scalars, left = [()] * parts, iter(range(parts))

    def job():
        for part in left:
            sums = [array[part] for array in arrays]
            scalars[part] = rows(*arguments, count * part // parts, count * (part + 1) // parts, *sums)

    _TEAMS.setdefault(os.getpid(), _Team()).do(job, min(threads, parts) - 1)
    return [*map(sum, zip(*scalars, strict=True)), *(array.sum(axis=0) for array in arrays)]
'''
