"""Why this exists: credentials change while a program runs; whoever sends asks for them each time.

Facts followed (client-go C7): a token file is read again every minute; a 401 makes the next attempt use fresh credentials.
Nothing here shows a secret in `repr`, messages or logs.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..clock import Clock
from ..errors import ConfigError

__all__ = ["BasicCredentials", "Credentials", "ProvidedToken", "StaticToken", "TokenFile"]

TOKEN_FILE_SECONDS = 60.0


class Credentials(Protocol):
    """Who we are. All methods may be called from many threads."""

    def authorization(self) -> str | None:
        """The Authorization header's value, or None. May block (a plugin runs). Raises ConfigError."""
        ...

    def client_certificate(self) -> tuple[str, str] | None:
        """Certificate chain and key as PEM, or None. May block. Raises ConfigError."""
        ...

    def rejected(self) -> bool:
        """The server answered 401. Forgets what may be stale; returns whether another try may go differently."""
        ...


@dataclass(frozen=True, slots=True)
class _Header:
    """Credentials that are one constant header."""

    value: str

    def authorization(self) -> str | None:
        return self.value

    def client_certificate(self) -> tuple[str, str] | None:
        return None

    def rejected(self) -> bool:
        return False

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class StaticToken(_Header):
    """One bearer token for ever."""

    __slots__ = ()

    def __init__(self, token: str) -> None:
        super().__init__(f"Bearer {_one_line(token, 'token')}")

    __repr__ = _Header.__repr__


class BasicCredentials(_Header):
    """User name and password."""

    __slots__ = ()

    def __init__(self, username: str, password: str) -> None:
        super().__init__("Basic " + base64.b64encode(f"{username}:{password}".encode()).decode())

    __repr__ = _Header.__repr__


class ProvidedToken:
    """A bearer token that a function gives for every request."""

    def __init__(self, provider: Callable[[], str]) -> None:
        self._provider = provider

    def authorization(self) -> str | None:
        try:
            token = self._provider()
        except ConfigError:
            raise
        except Exception as error:  # whoever sends is promised errors of this package, and may try again after them
            raise ConfigError(f"token_provider raised {type(error).__name__}: {error}") from error
        return f"Bearer {_one_line(token, 'token from token_provider')}"

    def client_certificate(self) -> tuple[str, str] | None:
        return None

    def rejected(self) -> bool:
        return True  # the function may know better now


class TokenFile:
    """A bearer token in a file that somebody rotates (projected service account tokens)."""

    def __init__(self, path: str, clock: Clock, *, fallback: str | None = None) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._token = fallback
        self._read_at: float | None = None

    def authorization(self) -> str | None:
        with self._lock:
            now = self._clock.now()
            if self._read_at is None or now - self._read_at >= TOKEN_FILE_SECONDS:
                self._read()
                self._read_at = now
            return f"Bearer {self._token}"

    def client_certificate(self) -> tuple[str, str] | None:
        return None

    def rejected(self) -> bool:
        with self._lock:
            before = self._token
            self._read()
            self._read_at = self._clock.now()
            return self._token != before

    def _read(self) -> None:
        try:
            with open(self._path, encoding="utf-8") as file:
                token = file.read().strip()
        except (OSError, UnicodeDecodeError) as error:
            if self._token is None:
                reason = error.strerror if isinstance(error, OSError) else "not text"
                raise ConfigError(f"token file {self._path}: cannot be read: {reason}") from None
            return  # while it is being replaced, the old one is the best we have
        if token:
            self._token = _one_line(token, f"token file {self._path}")
        elif self._token is None:
            raise ConfigError(f"token file {self._path}: is empty")

    def __repr__(self) -> str:
        return f"TokenFile({self._path!r})"


def _one_line(token: str, what: str) -> str:
    # A line break in a header would let a token file write headers of its own.
    token = token.strip()
    if not token.isascii() or not token.isprintable():
        raise ConfigError(f"{what}: holds characters that cannot stand in a header")
    return token
