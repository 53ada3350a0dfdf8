"""Why this exists: what went wrong below HTTP, in words that say what to look at."""

from __future__ import annotations

import ssl

from urllib3 import exceptions as http

from ..errors import ConnectionRefused, StreamCut, TransportError, TransportTimeout

__all__ = ["read_failure", "stream_failure"]


def read_failure(error: Exception, where: str) -> TransportError:
    """The TransportError that stands for an error of urllib3 or a socket; `where` is method and URL."""
    root = _root(error)
    if isinstance(error, http.NameResolutionError):
        return TransportError(f"{where}: the host name cannot be resolved")
    if isinstance(root, ConnectionRefusedError):
        return ConnectionRefused(f"{where}: connection refused; is the API server running there?")
    if isinstance(error, http.NewConnectionError):  # derives from ConnectTimeoutError, but is none
        return TransportError(f"{where}: cannot connect: {getattr(root, 'strerror', None) or root}")
    if isinstance(error, http.ConnectTimeoutError):
        return TransportTimeout(f"{where}: no connection within the time allowed; is the address right and reachable?")
    if isinstance(error, http.TimeoutError) or isinstance(root, TimeoutError):
        return TransportTimeout(f"{where}: no answer within the time allowed")
    if isinstance(error, http.ProxyError):
        return TransportError(f"{where}: the proxy failed: {root}")
    if isinstance(root, ssl.SSLCertVerificationError):
        return TransportError(
            f"{where}: the server's certificate cannot be trusted: {root.verify_message}; "
            "check the CA of the cluster (ca_file, certificate-authority) and the server's name (tls_server_name)"
        )
    if isinstance(error, http.SSLError) or isinstance(root, ssl.SSLError):
        if isinstance(root, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            return StreamCut(f"{where}: the connection broke during TLS")
        reason = getattr(root, "reason", None) or root
        return TransportError(
            f"{where}: TLS failed: {reason}; is this an https server, and does it want a client certificate?"
        )
    return StreamCut(f"{where}: the connection broke before the whole answer was there: {root}")


def stream_failure(error: Exception, where: str, read_timeout: float | None) -> TransportError:
    """The same for an answer that had begun."""
    root = _root(error)
    if isinstance(error, http.TimeoutError) or isinstance(root, TimeoutError):
        return TransportTimeout(
            f"{where}: nothing came for {read_timeout:g} s" if read_timeout else f"{where}: timed out"
        )
    return StreamCut(f"{where}: the connection broke in the middle of the answer: {root}")


def _root(error: BaseException) -> BaseException:
    """The innermost cause: urllib3 wraps the socket's error once or twice."""
    seen: set[int] = set()
    while id(error) not in seen:
        seen.add(id(error))
        inner = next((part for part in error.args if isinstance(part, BaseException)), None)
        found = inner or error.__cause__ or (error.__context__ if isinstance(error, http.HTTPError) else None)
        if found is None:
            return error
        error = found
    return error
