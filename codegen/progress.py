"""A progress bar for long runs on a terminal; the only importer of rich, and only when something takes long enough to show."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

# Short runs print one line and are done: a bar would only flicker.
_PATIENCE: Final = 0.7


class ProgressBar:
    """Shows (stage, done, total) on stderr; does nothing when not ``enabled`` or without rich."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._started = time.monotonic()
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def show(self, stage: str, done: int, total: int) -> None:
        """Report progress; cheap enough for every single step."""
        if not self._enabled or (self._progress is None and time.monotonic() - self._started < _PATIENCE):
            return
        if self._progress is None or self._task is None:
            self._start()
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, description=stage, completed=done, total=total)

    def _start(self) -> None:
        try:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
        except ModuleNotFoundError:
            self._enabled = False
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._progress.start()
        self._task = self._progress.add_task("")
