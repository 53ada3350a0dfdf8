"""Why this exists: which connection pool serves the next request: made late, and made again when certificates change."""

from __future__ import annotations

import ipaddress
import threading
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.util import Timeout, make_headers

from ..clock import Clock
from ..errors import ConfigError
from .config import ClientConfig
from .connections import POOL_CLASSES, SOCKET_OPTIONS
from .credentials import Credentials
from .tls import build_context, file_versions

__all__ = ["PoolSource"]

_FILES_SECONDS = 60.0


class PoolSource:
    """Sends over the pool of the moment. Safe to use from many threads."""

    def __init__(self, config: ClientConfig, clock: Clock, credentials: Credentials | None) -> None:
        self._config = config
        self._clock = clock
        self._credentials = credentials
        self._lock = threading.Lock()
        self._pool: _Pool | None = None
        self._certificate: tuple[str, str] | None = None
        self._files: tuple[tuple[int, int] | None, ...] = ()
        self._looked_at = 0.0

    def urlopen(
        self,
        method: str,
        target: str,
        *,
        body: bytes | None,
        headers: dict[str, str],
        timeout: Timeout,
    ) -> Any:
        """Sends; returns urllib3's response. Raises urllib3's errors, OSError and ConfigError."""
        return self._current().urlopen(method, target, body, headers, timeout)

    def close(self) -> None:
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def _current(self) -> _Pool:
        # The plugin may run here, so not under the lock.
        certificate = self._credentials.client_certificate() if self._credentials is not None else None
        with self._lock:
            pool = self._pool
            now = self._clock.now()
            if pool is not None and certificate == self._certificate:
                if now - self._looked_at < _FILES_SECONDS:
                    return pool
                self._looked_at = now
                if file_versions(self._config) == self._files:
                    return pool
            files = file_versions(self._config)
            try:
                fresh = _open(self._config, certificate)
            except ConfigError:
                if pool is not None and certificate == self._certificate:
                    return pool  # files in the middle of a rotation: go on with what works
                raise
            self._pool, self._certificate, self._files, self._looked_at = fresh, certificate, files, now
        if pool is not None:
            pool.close()
        return fresh


class _Pool:
    """One urllib3 pool straight to the server, or a proxy manager, which wants to see whole URLs (`origin`)."""

    def __init__(self, sender: Any, close: Callable[[], None], origin: str = "") -> None:
        self._sender = sender
        self._origin = origin
        self.close = close

    def urlopen(
        self,
        method: str,
        target: str,
        body: bytes | None,
        headers: dict[str, str],
        timeout: Timeout,
    ) -> Any:
        return self._sender.urlopen(
            method,
            self._origin + target,
            body=body,
            headers=headers,
            retries=False,
            redirect=False,
            timeout=timeout,
            preload_content=False,
        )


def _open(config: ClientConfig, certificate: tuple[str, str] | None) -> _Pool:
    parts = config.parsed_url()
    host = parts.hostname or ""
    options: dict[str, Any] = {
        "maxsize": config.max_idle_connections,
        "block": False,
        "socket_options": SOCKET_OPTIONS,
    }
    secure = parts.scheme == "https"
    if secure:
        options["ssl_context"] = build_context(config, certificate)
        if config.tls_server_name:
            options["server_hostname"] = config.tls_server_name
        if not config.verify:
            options["assert_hostname"] = False
    proxy = _proxy_of(config, parts.scheme, host, parts.port)
    if proxy is not None:
        return _through(proxy, f"{parts.scheme}://{parts.netloc}", options)
    pool = POOL_CLASSES[parts.scheme](host, parts.port, **options)
    return _Pool(pool, pool.close)


def _through(proxy: str, origin: str, options: dict[str, Any]) -> _Pool:
    parts = urlsplit(proxy)
    try:
        if parts.scheme.startswith("socks"):
            from urllib3.contrib.socks import SOCKSProxyManager  # needs PySocks

            socks: Any = SOCKSProxyManager(proxy, **options)
            return _Pool(socks, socks.clear, origin)
        headers = None
        if parts.username is not None:
            secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers = make_headers(proxy_basic_auth=secret)
        bare = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        manager: Any = urllib3.ProxyManager(bare, proxy_headers=headers, **options)
    except (ImportError, ValueError, urllib3.exceptions.HTTPError) as error:
        shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        hint = "; SOCKS proxies need the package PySocks" if isinstance(error, ImportError) else ""
        raise ConfigError(f"proxy {shown} cannot be used{hint}") from None
    manager.pool_classes_by_scheme = POOL_CLASSES
    return _Pool(manager, manager.clear, origin)


def _proxy_of(config: ClientConfig, scheme: str, host: str, port: int | None) -> str | None:
    if config.proxy is not None:
        return config.proxy or None
    # As Go's ProxyFromEnvironment: never for this machine.
    if host == "localhost" or _is_loopback(host):
        return None
    target = f"{host}:{port}" if port else host
    if urllib.request.proxy_bypass(target):
        return None
    found = urllib.request.getproxies().get(scheme)
    if found and "://" not in found:
        found = f"http://{found}"
    return found or None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
