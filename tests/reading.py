"""A photo reader with its own worker, for tests and benchmarks."""

from collections.abc import Iterator
from contextlib import contextmanager

from agent.capture import PhotoReader
from agent.capture.jobs import JOBS
from agent.worker import DECODING, READING, Limits, Worker


@contextmanager
def opened_reader(*, reading: Limits = READING, decoding: Limits = DECODING) -> Iterator[PhotoReader]:
    with Worker(JOBS, reading=reading, decoding=decoding) as worker:
        yield PhotoReader(worker)
