"""Differences that are known and explained in docs/embedded-server.md; everything else fails the suite. Keep it short."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conformance.fuzz.compare import Difference


def explanation(difference: Difference) -> str | None:
    """Why these two answers may differ, in the words of the documentation; None when they may not."""
    return None
