"""Why this exists: one SSL context per server, built without loading the system's CAs (20 ms) when the server has its own.

Files are watched by their modification time, so that rotated certificates come into use without a restart (client-go: client
certificates every five minutes, CA rotation since v0.36).
"""

from __future__ import annotations

import os
import ssl
import tempfile
from pathlib import Path

from ..errors import ConfigError
from .config import ClientConfig

__all__ = ["build_context", "file_versions"]


def build_context(config: ClientConfig, certificate: tuple[str, str] | None) -> ssl.SSLContext:
    """The context for connections to `config.url`; `certificate` (PEM chain and key) comes from a plugin and wins.

    Raises ConfigError naming the file that cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not config.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif config.ca_data is not None:
        _load_ca(context, config.ca_data, "certificate-authority-data")
    elif config.ca_file is not None:
        _load_ca(context, _text(config.ca_file, "CA file"), f"CA file {config.ca_file}")
    else:
        context.load_default_certs()
    pair = certificate or _own_certificate(config)
    if pair is not None:
        _load_pair(context, *pair, f"client certificate {config.cert_file or '(data)'}")
    return context


def file_versions(config: ClientConfig) -> tuple[tuple[int, int] | None, ...]:
    """Changes when one of the certificate files changes."""
    return tuple(_version(path) for path in (config.ca_file, config.cert_file, config.key_file))


def _version(path: str | None) -> tuple[int, int] | None:
    if path is None:
        return None
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def _own_certificate(config: ClientConfig) -> tuple[str, str] | None:
    cert, key = config.cert_data, config.key_data
    if cert is None and config.cert_file is not None:
        cert = _text(config.cert_file, "client certificate")
    if key is None and config.key_file is not None:
        key = _text(config.key_file, "client key")
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        missing = "certificate" if cert is None else "key"
        raise ConfigError(f"server {config.url}: the client {missing} is missing; certificate and key go together")
    return cert, key


def _text(path: str, what: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not PEM text"
        raise ConfigError(f"{what} {path}: {reason}") from None


def _load_ca(context: ssl.SSLContext, pem: str, what: str) -> None:
    try:
        context.load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(f"{what}: holds no usable PEM certificate: {error}") from None


def _load_pair(context: ssl.SSLContext, cert: str, key: str, what: str) -> None:
    # The ssl module loads client certificates only from files. This one is private, and gone again at once.
    handle, path = tempfile.mkstemp(prefix="kubewright-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(key.rstrip() + "\n" + cert)
        context.load_cert_chain(path, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(f"{what}: certificate and key cannot be used together: {error}") from None
    finally:
        os.unlink(path)


def _no_password() -> str:
    raise ValueError("the key is encrypted; a program cannot type its password")
