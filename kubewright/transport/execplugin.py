"""Why this exists: exec plugins (cloud logins) are programs of somebody else that run while a request waits.

The `kubernetes` package runs them without a timeout, anew for every request when they name no expiry, and turns their
failures into log lines (reference/python-peers.md C16), so this speaks the protocol itself: KEP-541,
`client.authentication.k8s.io/v1` and `v1beta1`, with client-go's caching (`plugin/pkg/client/auth/exec`): until the expiry that the
plugin named, or until the server answers 401.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import msgspec

from ..clock import Clock
from ..errors import ConfigError

__all__ = ["ExecCredentials", "ExecPlugin", "parse_rfc3339"]

_log = logging.getLogger("kubewright.transport")

EXEC_TIMEOUT_SECONDS = 60.0
# Renewed a little early, so that a request does not arrive with a token that expired on its way.
_EXPIRY_MARGIN_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecPlugin:
    """The `exec` section of a kubeconfig's user. `cluster` is told to the plugin when it asks (provideClusterInfo)."""

    command: str
    api_version: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    interactive: Literal["Never", "IfAvailable", "Always"] = "IfAvailable"
    install_hint: str = ""
    cluster: Mapping[str, Any] | None = field(default=None, repr=False)
    timeout: float = EXEC_TIMEOUT_SECONDS


class _Status(msgspec.Struct, rename="camel"):
    token: str | None = None
    client_certificate_data: str | None = None
    client_key_data: str | None = None
    expiration_timestamp: str | None = None


class _Answer(msgspec.Struct, rename="camel"):
    api_version: str
    kind: str
    status: _Status | None = None


_answers = msgspec.json.Decoder(_Answer)  # built here, not by threads that meet (msgspec is not safe then)


class ExecCredentials:
    """Credentials that a plugin gives. One run at a time, however many threads wait; a run cannot be interrupted, only
    bounded by `plugin.timeout`."""

    def __init__(self, plugin: ExecPlugin, clock: Clock) -> None:
        self._plugin = plugin
        self._clock = clock
        self._lock = threading.Lock()
        self._status: _Status | None = None
        self._expires: float | None = None

    def authorization(self) -> str | None:
        token = self._valid().token
        return f"Bearer {token}" if token else None

    def client_certificate(self) -> tuple[str, str] | None:
        status = self._valid()
        if status.client_certificate_data and status.client_key_data:
            return status.client_certificate_data, status.client_key_data
        return None

    def rejected(self) -> bool:
        with self._lock:
            known = self._status is not None
            self._status = None
        return known

    def _valid(self) -> _Status:
        with self._lock:
            if self._status is None or (self._expires is not None and self._clock.time() >= self._expires):
                status = self._run()
                self._status = status
                self._expires = (
                    None
                    if status.expiration_timestamp is None
                    else parse_rfc3339(status.expiration_timestamp) - _EXPIRY_MARGIN_SECONDS
                )
            return self._status

    def _run(self) -> _Status:
        plugin = self._plugin
        interactive = self._may_ask()
        spec: dict[str, Any] = {"interactive": interactive}
        if plugin.cluster is not None:
            spec["cluster"] = plugin.cluster
        info = {"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec}
        _log.debug("running credential plugin %s", plugin.command)
        try:
            done = subprocess.run(
                [plugin.command, *plugin.args],
                env={**os.environ, **plugin.env, "KUBERNETES_EXEC_INFO": msgspec.json.encode(info).decode()},
                stdin=None if interactive else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=None if interactive else subprocess.PIPE,
                timeout=None if interactive else plugin.timeout,
                check=False,
            )
        except FileNotFoundError:
            hint = f"\n{plugin.install_hint}" if plugin.install_hint else "; is it installed and on PATH?"
            raise self._error(f"not found{hint}") from None
        except subprocess.TimeoutExpired:
            raise self._error(f"gave no answer within {plugin.timeout:g} s") from None
        except OSError as error:
            raise self._error(f"cannot be run: {error.strerror}") from None
        if done.returncode != 0:
            said = (done.stderr or b"").decode(errors="replace").strip()[-2000:]
            raise self._error(f"ended with exit code {done.returncode}" + (f": {said}" if said else ""))
        return self._read(done.stdout)

    def _read(self, output: bytes) -> _Status:
        plugin = self._plugin
        try:
            answer = _answers.decode(output)
        except msgspec.DecodeError:
            # What it printed may hold a token: not into the message.
            raise self._error("printed something that is no ExecCredential") from None
        if answer.api_version != plugin.api_version or answer.kind != "ExecCredential":
            raise self._error(
                f"answered {answer.kind} of {answer.api_version}, wanted ExecCredential of {plugin.api_version}"
            )
        status = answer.status
        if status is None or not (status.token or status.client_certificate_data):
            raise self._error("gave neither a token nor a client certificate")
        if bool(status.client_certificate_data) != bool(status.client_key_data):
            raise self._error("gave only one of client certificate and key")
        if status.token and not (status.token.isascii() and status.token.isprintable()):
            raise self._error("gave a token that cannot stand in a header")
        return status

    def _may_ask(self) -> bool:
        if self._plugin.interactive == "Never":
            return False
        terminal = sys.stdin is not None and sys.stdin.isatty()
        if self._plugin.interactive == "Always" and not terminal:
            raise self._error("wants to ask on a terminal (interactiveMode: Always), and there is none")
        return terminal

    def _error(self, what: str) -> ConfigError:
        return ConfigError(f"credential plugin {self._plugin.command!r} {what}")


def parse_rfc3339(text: str) -> float:
    """Seconds since the epoch, of any RFC 3339 time: with fractions of any length and with offsets. Raises ConfigError."""
    try:
        # fromisoformat takes at most microseconds.
        head, dot, tail = text.partition(".")
        if dot:
            digits = len(tail) - len(tail.lstrip("0123456789"))
            text = f"{head}.{tail[: min(digits, 6)]}{tail[digits:]}"
        found = datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
    except ValueError:
        raise ConfigError(f"{text!r} is no RFC 3339 time") from None
    if found.tzinfo is None:
        raise ConfigError(f"{text!r} is no RFC 3339 time: the offset is missing")
    return found.timestamp()
