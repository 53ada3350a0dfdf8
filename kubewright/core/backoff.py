"""How long a reflector waits before it asks again: exponential, jittered, reset only by health.

Figures are client-go's (R20: 800 ms, doubled up to 30 s, jitter 1.0, so each wait is between d and 2 d). Its reset is not: since
0.36 it resets every two minutes in the middle of a failure; here only a stream that lived that long does.
"""

from __future__ import annotations

import random
from collections.abc import Callable

__all__ = ["Backoff"]


class Backoff:
    """Waits of `initial`, `initial * factor`, … at most `cap` seconds, each lengthened by up to `jitter` times itself.

    `draw` returns a number in [0, 1); tests hand in their own.
    """

    __slots__ = ("_draw", "_next", "cap", "factor", "healthy_after", "initial", "jitter")

    def __init__(
        self,
        initial: float = 0.8,
        *,
        factor: float = 2.0,
        cap: float = 30.0,
        jitter: float = 1.0,
        healthy_after: float = 120.0,
        draw: Callable[[], float] = random.random,
    ) -> None:
        if initial < 0 or factor < 1 or cap < initial or jitter < 0:
            raise ValueError("a backoff needs 0 <= initial <= cap, factor >= 1 and jitter >= 0")
        self.initial = initial
        self.factor = factor
        self.cap = cap
        self.jitter = jitter
        self.healthy_after = healthy_after
        self._draw = draw
        self._next = initial

    def next(self, at_least: float | None = None) -> float:
        """Seconds to wait now; the following wait is longer. `at_least`: what the server asked for (Retry-After)."""
        base = self._next
        self._next = min(self.cap, base * self.factor)
        return max(base + base * self.jitter * self._draw(), at_least or 0.0)

    def lived(self, seconds: float) -> None:
        """A stream worked for so long: after `healthy_after` seconds the next trouble is a first one again."""
        if seconds >= self.healthy_after:
            self._next = self.initial

    def copy(self) -> Backoff:
        """A fresh one with the same figures: each reflector backs off on its own."""
        return Backoff(
            self.initial,
            factor=self.factor,
            cap=self.cap,
            jitter=self.jitter,
            healthy_after=self.healthy_after,
            draw=self._draw,
        )
