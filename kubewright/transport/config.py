"""Why this exists: everything that decides how a server is reached and who we are there, as one value without globals."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePath
from urllib.parse import SplitResult, urlsplit

from ..errors import ConfigError
from .credentials import Credentials

__all__ = ["ClientConfig", "Impersonation", "default_user_agent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Impersonation:
    """Act as somebody else; the real user needs the RBAC verb impersonate."""

    user: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """How to reach one API server. Frozen: `dataclasses.replace` makes a variant. `repr` shows no credentials.

    Where both a file and data are there, data wins, as in a kubeconfig; files are read again when they change (certificates
    within minutes, tokens every minute and after a 401). Timeouts are seconds, None means for ever.
    """

    url: str
    """Scheme, host, port and, behind some proxies, a path prefix."""
    _: KW_ONLY
    ca_file: str | None = field(default=None)
    """PEM file of the CAs that may have signed the server's certificate; without one the system's CAs count."""
    ca_data: str | None = field(default=None, repr=False)
    cert_file: str | None = field(default=None)
    key_file: str | None = field(default=None)
    cert_data: str | None = field(default=None, repr=False)
    key_data: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    token_file: str | None = field(default=None)
    """Read again every minute; wins over `token`, which then is only used until the file can be read."""
    token_provider: Callable[[], str] | None = field(default=None, repr=False)
    """Called for every request (cache inside if it is slow); returns a bearer token."""
    username: str | None = field(default=None)
    password: str | None = field(default=None, repr=False)
    credentials: Credentials | None = field(default=None, repr=False)
    """Takes the place of all of the above but the CA: an exec plugin, an identity provider."""
    verify: bool = field(default=True)
    """False: any certificate is accepted, so anybody on the way can read and change everything."""
    tls_server_name: str | None = field(default=None)
    """The name to expect in the server's certificate, where it is not the host of `url`."""
    proxy: str | None = field(default=None, repr=False)
    """URL of a proxy; None: as HTTPS_PROXY, HTTP_PROXY and NO_PROXY say; "": none."""
    impersonate: Impersonation | None = field(default=None)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Sent with every request."""
    user_agent: str = field(default="")
    namespace: str = field(default="default")
    """The namespace of the kubeconfig's context, or of the pod; nothing here uses it by itself."""
    connect_timeout: float | None = field(default=30.0)
    read_timeout: float | None = field(default=60.0)
    """Silence allowed within one answer; the API server itself gives up after 60 s. Watches have their own."""
    compression: bool = field(default=False)
    """Ask for gzip: less traffic for large lists over slow lines, several times the CPU on fast ones."""
    max_idle_connections: int = field(default=100)
    """Connections kept open between requests; more threads than that may send at once."""
    on_warning: Callable[[str], None] | None = field(default=None, repr=False)
    """Takes the texts of the server's Warning headers; None: they are logged to "kubewright.warnings"."""

    def parsed_url(self) -> SplitResult:
        """The URL in parts. Raises ConfigError when it cannot be a server's."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(f"server URL {_shown(parts, self.url)!r}: want http://host:port or https://host:port")
        if parts.username is not None or parts.password is not None:
            raise ConfigError(
                f"server URL {_shown(parts, self.url)!r}: credentials do not belong here; use username= and password="
            )
        if parts.query or parts.fragment:
            raise ConfigError(f"server URL {_shown(parts, self.url)!r}: may not have a query or a fragment")
        try:
            _ = parts.port
        except ValueError as error:
            raise ConfigError(f"server URL {_shown(parts, self.url)!r}: {error}") from error
        return parts


def _shown(parts: SplitResult, url: str) -> str:
    return url.replace(parts.netloc, parts.netloc.rpartition("@")[2]) if "@" in parts.netloc else url


def default_user_agent() -> str:
    """`program/version (os/arch)` (client-go: TestBuildUserAgent). Up to the slash it is the default field manager."""
    program = PurePath(sys.argv[0] if sys.argv and sys.argv[0] else "python").name
    word = "".join(sign for sign in program if sign.isascii() and (sign.isalnum() or sign in "._-")) or "python"
    try:
        own = version("kubewright")
    except PackageNotFoundError:
        own = "unknown"
    return f"{word}/kubewright-{own} ({sys.platform}/{platform.machine() or 'unknown'})"
