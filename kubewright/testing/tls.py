"""HTTPS for the embedded server: with a certificate of one's own, or with a CA made for the occasion.

The one importer of trustme, which is loaded only when a CA is to be made.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from kubewright.errors import ConfigError

__all__ = ["context_with", "self_made"]


def context_with(certificate: Path | str, key: Path | str) -> ssl.SSLContext:
    """A server's context with a certificate and its key, PEM files. Raises ConfigError when they cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"cannot serve HTTPS with certificate {certificate} and key {key}: {error}") from error
    return context


def self_made() -> tuple[ssl.SSLContext, bytes]:
    """A server's context for loopback, and the CA (PEM) that clients have to trust; both live in memory only.

    Raises ConfigError when trustme is not installed.
    """
    try:
        import trustme
    except ImportError as error:
        raise ConfigError('making a CA needs trustme: pip install "kubewright[testing]"') from error
    authority = trustme.CA(organization_name="kubewright embedded API server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # trustme types its argument as "our context or pyOpenSSL's", which is unknown where pyOpenSSL is not installed.
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)  # pyright: ignore[reportUnknownMemberType]
    return context, authority.cert_pem.bytes()
