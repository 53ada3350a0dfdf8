"""Every error that the runtime raises, in one tree.

    KubewrightError
    ├── ApiError              the server answered with a Status; one class per reason
    ├── TransportError        no (whole) answer came: refused, timed out, cut
    ├── DecodeError           an answer or a cached object does not fit its model
    ├── ConfigError           kubeconfig, in-cluster files or arguments
    ├── CacheSyncError        caches that did not fill in time, each with its reason
    └── ShutDown              a queue is shut down and empty

Messages say what, where (verb, resource, name) and what to do; they never hold credentials or bodies of requests. The
reasons are those of apimachinery's `meta/v1` StatusReason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .objects import Status, StatusCause

__all__ = [
    "AlreadyExists",
    "ApiError",
    "BadRequest",
    "CacheSyncError",
    "ConfigError",
    "Conflict",
    "ConnectionRefused",
    "DecodeError",
    "Forbidden",
    "Gone",
    "InternalError",
    "Invalid",
    "KubewrightError",
    "MethodNotAllowed",
    "NotFound",
    "ServerTimeout",
    "ServiceUnavailable",
    "ShutDown",
    "StreamCut",
    "TooManyRequests",
    "TransportError",
    "TransportTimeout",
    "Unauthorized",
    "UnsupportedMediaType",
    "api_error",
]


class KubewrightError(Exception):
    """Root of all errors of this package."""


class ApiError(KubewrightError):
    """The API server refused a request.

    Attributes: `code` (HTTP status, int), `reason` (StatusReason, may be ""), `message` (the server's words), `causes` (what is
    wrong at which field), `retry_after` (seconds, or None), `status` (the Status object, or None when the body was none), and
    where it happened: `verb`, `resource` ("tstests.stable.example.com"), `namespace`, `name`.
    """

    def __init__(
        self,
        message: str,
        *,
        code: int,
        reason: str = "",
        status: Status | None = None,
        verb: str = "",
        resource: str = "",
        namespace: str = "",
        name: str = "",
        retry_after: float | None = None,
    ) -> None:
        self.code = code
        self.reason = reason
        self.message = message
        self.status = status
        self.verb = verb
        self.resource = resource
        self.namespace = namespace
        self.name = name
        self.retry_after = retry_after
        super().__init__(message)

    @property
    def causes(self) -> Sequence[StatusCause]:
        """What the server found wrong, field by field; empty when it did not say."""
        details = self.status.details if self.status is not None else None
        return (details.causes or []) if details is not None else []

    def has_cause(self, reason: str) -> bool:
        """Whether the Status names `reason` among its causes (client-go: apierrors.HasStatusCause)."""
        return any(cause.reason == reason for cause in self.causes)

    def __str__(self) -> str:
        target = "/".join(part for part in (self.namespace, self.name) if part)
        where = " ".join(part for part in (self.verb, self.resource, target) if part)
        label = f"{self.code} {self.reason}" if self.reason else str(self.code)
        return f"{where}: {label}: {self.message}" if where else f"{label}: {self.message}"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_api_error, (type(self), self.message, dict(vars(self)))


def _rebuild_api_error(cls: type[ApiError], message: str, state: dict[str, object]) -> ApiError:
    error = cls(message, code=0)
    vars(error).update(state)
    return error


class BadRequest(ApiError):
    """400: the request itself is malformed."""


class Unauthorized(ApiError):
    """401: the server does not know who asks."""


class Forbidden(ApiError):
    """403: the server knows who asks and does not allow it (RBAC, quota, admission)."""


class NotFound(ApiError):
    """404: no such object, or no such resource type."""


class MethodNotAllowed(ApiError):
    """405: the resource has no such verb."""


class Conflict(ApiError):
    """409 Conflict: somebody else changed the object, or another field manager owns a field."""


class AlreadyExists(ApiError):
    """409 AlreadyExists: an object of that name is there already."""


class Gone(ApiError):
    """410 Gone or Expired: the resourceVersion or continue token is older than the server's history."""


class UnsupportedMediaType(ApiError):
    """415: the patch type is not supported for this resource (strategic merge on custom resources)."""


class Invalid(ApiError):
    """422: the object breaks its schema or its rules; see `.causes`."""


class TooManyRequests(ApiError):
    """429: slow down; `.retry_after` says how long where the server told."""


class InternalError(ApiError):
    """500: the server failed."""


class ServiceUnavailable(ApiError):
    """503: the server, or the one behind it, is not ready."""


class ServerTimeout(ApiError):
    """504, or 500 ServerTimeout: the server could not finish in time; trying again may work."""


_BY_REASON: Mapping[str, type[ApiError]] = {
    "BadRequest": BadRequest,
    "Unauthorized": Unauthorized,
    "Forbidden": Forbidden,
    "NotFound": NotFound,
    "MethodNotAllowed": MethodNotAllowed,
    "Conflict": Conflict,
    "AlreadyExists": AlreadyExists,
    "Gone": Gone,
    "Expired": Gone,
    "UnsupportedMediaType": UnsupportedMediaType,
    "Invalid": Invalid,
    "TooManyRequests": TooManyRequests,
    "InternalError": InternalError,
    "ServiceUnavailable": ServiceUnavailable,
    "ServerTimeout": ServerTimeout,
    "Timeout": ServerTimeout,
}

_BY_CODE: Mapping[int, type[ApiError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    409: Conflict,
    410: Gone,
    415: UnsupportedMediaType,
    422: Invalid,
    429: TooManyRequests,
    500: InternalError,
    503: ServiceUnavailable,
    504: ServerTimeout,
}


def api_error(
    code: int,
    status: Status | None,
    *,
    message: str = "",
    verb: str = "",
    resource: str = "",
    namespace: str = "",
    name: str = "",
    retry_after: float | None = None,
) -> ApiError:
    """The error for an answer: by the Status's reason, else by the HTTP code, else plain ApiError.

    `message` stands in where the body was no Status (a proxy's page, say). `retry_after` falls back to the Status's own
    `details.retryAfterSeconds`.
    """
    reason = (status.reason or "") if status is not None else ""
    text = (status.message or "") if status is not None else ""
    if retry_after is None and status is not None and status.details is not None and status.details.retry_after_seconds:
        retry_after = float(status.details.retry_after_seconds)
    made = _BY_REASON.get(reason) or _BY_CODE.get(code) or ApiError
    return made(
        text or message or "the server gave no reason",
        code=code,
        reason=reason,
        status=status,
        verb=verb,
        resource=resource,
        namespace=namespace,
        name=name,
        retry_after=retry_after,
    )


class TransportError(KubewrightError):
    """No whole answer came from the server. The request may or may not have been carried out."""


class ConnectionRefused(TransportError):
    """Nobody listens at the server's address: the request was not carried out."""


class TransportTimeout(TransportError):
    """Connecting, or waiting for (the next part of) an answer, took longer than allowed."""


class StreamCut(TransportError):
    """An answer ended in the middle."""


class DecodeError(KubewrightError):
    """JSON that does not fit the model it is read as. `path` is the JSON path ("$.spec.replicas"), "" when unknown."""

    def __init__(self, message: str, *, path: str = "") -> None:
        self.path = path
        super().__init__(message)


class ConfigError(KubewrightError):
    """A kubeconfig, in-cluster files or arguments that cannot be used; the message names the file and what to do."""


class ShutDown(KubewrightError):
    """A queue was shut down and has no more items (as the standard library's queue.ShutDown of Python 3.13)."""


class CacheSyncError(KubewrightError):
    """Caches that were not filled in time; the message has one line an informer: resource, phase, last error, how often."""
