"""How long ago something was, as kubectl prints it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final

ZERO_TIME: Final = "0001-01-01T00:00:00Z"
"""What Go prints for a time that is not set."""


def age(timestamp: str | None) -> str:
    """How long ago, in kubectl's short form (apimachinery ``duration.HumanDuration``)."""
    if not timestamp:
        return "<unknown>"
    try:
        then = datetime.fromisoformat(timestamp.replace("Z", "+00:00"))
    except ValueError:
        return "<invalid>"
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return human_duration(int(time.time() - then.timestamp()))


def human_duration(seconds: int) -> str:
    """``45s``, ``3m10s``, ``25m``, ``5h20m``, ``3d4h``, ``2y30d``."""
    if seconds < -1:
        return "<invalid>"
    if seconds < 0:
        return "0s"
    if seconds < 120:
        return f"{seconds}s"
    minutes = seconds // 60
    if minutes < 10:
        rest = seconds % 60
        return f"{minutes}m{rest}s" if rest else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    hours = seconds // 3600
    if hours < 8:
        rest = minutes % 60
        return f"{hours}h{rest}m" if rest else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        rest = hours % 24
        return f"{hours // 24}d{rest}h" if rest else f"{hours // 24}d"
    days = hours // 24
    if days < 730:
        return f"{days}d"
    if days < 365 * 8:
        rest = days % 365
        return f"{days // 365}y{rest}d" if rest else f"{days // 365}y"
    return f"{days // 365}y"
