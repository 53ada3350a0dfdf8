"""Processes that render: started before there is anything to render, because loading their libraries takes as long as reading.

One changed group-version is rendered by one process that is warm by then; a corpus keeps all cores busy.  Where processes
cannot be had (some sandboxes), everything happens in this one: slower, the same bytes.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from types import TracebackType
from typing import Self, TypeVar

from codegen.errors import CodegenError

T = TypeVar("T")
R = TypeVar("R")


class Workers:
    """A pool that starts to warm up when it is entered.  ``processes=0``: no processes, for tests and small tools."""

    def __init__(self, processes: int | None = None) -> None:
        self._processes = (os.cpu_count() or 1) if processes is None else processes
        self._pool: ProcessPoolExecutor | None = None
        self._warm: Future[int] | None = None

    def __enter__(self) -> Self:
        if self._processes:
            try:
                # Fresh interpreters: a fork would copy the caller's threads and locks in whatever state they are.
                self._pool = ProcessPoolExecutor(self._processes, mp_context=get_context("spawn"), initializer=warm_up)
                self._warm = self._pool.submit(int)  # the first task starts the first process
            except (OSError, ImportError, RuntimeError):
                self._pool = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def run(self, task: Callable[[T], R], items: Iterable[T]) -> Iterator[tuple[T, R | CodegenError]]:
        """Every item with its result or its error, in the order in which they are done."""
        if self._pool is None:
            for item in items:
                yield item, attempt(task, item)
            return
        futures: dict[Future[R | CodegenError], int] = {}
        left = dict(enumerate(items))
        try:
            if len(left) == 1 and self._warm is not None:
                self._warm.result()  # a second process for a single item would only load its libraries in vain
            for number, item in left.items():
                futures[self._pool.submit(attempt, task, item)] = number
            for future in as_completed(futures):
                result = future.result()
                yield left.pop(futures[future]), result
        except BrokenProcessPool:
            # A worker was killed (memory), or could not start (no main module to import): what is left is done here.
            self._pool = None
            for item in left.values():
                yield item, attempt(task, item)


def attempt(task: Callable[[T], R], item: T) -> R | CodegenError:
    """One item's failure is its own."""
    try:
        return task(item)
    except CodegenError as error:
        return error


def warm_up() -> None:
    """Load what rendering needs (in a worker, while the parent reads); a second call is free."""
    from codegen.render import formatting, models

    # As in the parent (`codegen.cli`): a worker ends when the run does, collecting only costs time.
    gc.set_threshold(200_000, 50, 100)
    models.warm_up()
    formatting.warm_up()
