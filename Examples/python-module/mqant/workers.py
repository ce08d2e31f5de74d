"""Threads that run functions: in order within a session, side by side across sessions, and bounded."""

import itertools
import queue
import threading


class Workers:
    def __init__(self, count, capacity):
        """`capacity`: jobs that may run and wait in all."""
        self.count, self.capacity = count, capacity
        self.load = 0  # jobs that run and wait
        self._changed = threading.Condition()
        self._turn = itertools.count()
        self._lanes = [queue.SimpleQueue() for _ in range(count)]
        for lane in self._lanes:
            threading.Thread(target=self._work, args=(lane,), daemon=True).start()

    def submit(self, key, job):
        """Has a job run, after all others with the same key; None: in no order. False: too many wait.

        A job must not raise.
        """
        with self._changed:
            if self.load >= self.capacity:
                return False
            self.load += 1
        number = next(self._turn) if key is None else hash(key)
        self._lanes[number % self.count].put(job)
        return True

    def wait_until_idle(self, seconds):
        with self._changed:
            return self._changed.wait_for(lambda: self.load == 0, max(0, seconds))

    def _work(self, lane):
        while True:
            job = lane.get()
            try:
                job()
            finally:
                with self._changed:
                    self.load -= 1
                    self._changed.notify_all()
