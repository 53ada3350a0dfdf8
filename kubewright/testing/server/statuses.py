"""The refusals an API server knows, one constructor each, in the words the real server uses.

Clients match on ``code``, ``reason`` and, more often than anybody likes, on the message. The wording therefore is part
of the API (apimachinery ``pkg/api/errors``) and lives in one place; the wording per field is ``kubewright.validation.causes``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from kubewright.testing.server.messages import AnyCause, ServerResponse, StatusCause, StatusError


def quote(value: str) -> str:
    """A string as Go's ``%q`` prints it: what Kubernetes puts around names in messages."""
    return msgspec.json.encode(value).decode()


def qualified(name: str, group: str) -> str:
    """``plural.group`` or ``Kind.group``; bare for the core group."""
    return f"{name}.{group}" if group else name


def _details(group: str, kind: str, name: str = "") -> dict[str, Any]:
    return {key: value for key, value in (("name", name), ("group", group), ("kind", kind)) if value}


def not_found(group: str, plural: str, name: str) -> StatusError:
    """404 for an object."""
    return StatusError(
        404, "NotFound", f"{qualified(plural, group)} {quote(name)} not found", details=_details(group, plural, name)
    )


class PageNotFound(StatusError):
    """404 for a path that the server does not serve: plain text, as from any web server."""

    def __init__(self) -> None:
        super().__init__(404, "NotFound", "404 page not found")

    def response(self) -> ServerResponse:
        headers = (("content-type", "text/plain; charset=utf-8"), ("x-content-type-options", "nosniff"))
        return ServerResponse(404, b"404 page not found\n", headers)


def no_such_resource() -> StatusError:
    """404 for a path or resource the server does not serve."""
    return PageNotFound()


def unknown_resource() -> StatusError:
    """404 inside a group that the server knows."""
    return StatusError(404, "NotFound", "the server could not find the requested resource", details={})


def already_exists(group: str, plural: str, name: str, *, deleting: bool = False) -> StatusError:
    """409 on create; says so when the existing object is on its way out."""
    prefix = "object is being deleted: " if deleting else ""
    message = f"{prefix}{qualified(plural, group)} {quote(name)} already exists"
    return StatusError(409, "AlreadyExists", message, details=_details(group, plural, name))


def name_generation_failed(group: str, plural: str, name: str) -> StatusError:
    """409 when eight generated names in a row were taken."""
    return StatusError(
        409,
        "AlreadyExists",
        f"{qualified(plural, group)} {quote(name)} already exists, "
        "the server was not able to generate a unique name for the object",
        details={**_details(group, plural, name), "retryAfterSeconds": 1},
    )


STALE = "the object has been modified; please apply your changes to the latest version and try again"


def conflict(group: str, plural: str, name: str, why: str = STALE) -> StatusError:
    """409 for optimistic locking and preconditions."""
    return StatusError(
        409,
        "Conflict",
        f"Operation cannot be fulfilled on {qualified(plural, group)} {quote(name)}: {why}",
        details=_details(group, plural, name),
    )


def forbidden(group: str, plural: str, name: str, why: str, causes: Iterable[AnyCause] = ()) -> StatusError:
    """403 from admission."""
    return StatusError(
        403,
        "Forbidden",
        f"{qualified(plural, group)} {quote(name)} is forbidden: {why}",
        details=_details(group, plural, name),
        causes=causes,
    )


def bad_request(message: str) -> StatusError:
    """400."""
    return StatusError(400, "BadRequest", message)


def method_not_supported(group: str, plural: str, action: str) -> StatusError:
    """405 for a verb the resource does not have."""
    return StatusError(
        405,
        "MethodNotAllowed",
        f"{action} is not supported on resources of kind {quote(qualified(plural, group))}",
        details=_details(group, plural),
    )


def method_not_allowed() -> StatusError:
    """405 for an HTTP method the path does not have at all."""
    return StatusError(
        405, "MethodNotAllowed", "the server does not allow this method on the requested resource", details={}
    )


def unsupported_media_type(accepted: Sequence[str] = ()) -> StatusError:
    """415, naming what would be accepted (or not, where the real server's router refuses)."""
    if not accepted:
        return StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", details={})
    message = f"the body of the request was in an unknown format - accepted media types include: {', '.join(accepted)}"
    return StatusError(415, "UnsupportedMediaType", message)


def not_acceptable(accepted: Sequence[str]) -> StatusError:
    """406, naming what can be served."""
    message = f"only the following media types are accepted: {', '.join(accepted)}"
    return StatusError(406, "NotAcceptable", message)


def expired(message: str, *, continue_: str = "") -> StatusError:
    """410 ``Expired``; ``continue_`` is the token that goes on inconsistently."""
    return StatusError(410, "Expired", message, metadata={"continue": continue_} if continue_ else None)


def too_large_resource_version(wanted: int, current: int, retry: int = 1) -> StatusError:
    """504 when a read asks for a revision that has not happened yet."""
    details: dict[str, Any] = {"retryAfterSeconds": retry} if retry else {}
    return StatusError(
        504,
        "Timeout",
        f"Timeout: Too large resource version: {wanted}, current: {current}",
        details=details,
        causes=[StatusCause("", "ResourceVersionTooLarge", "Too large resource version")],
        headers=(("retry-after", str(retry)),) if retry else (),
    )


def internal_error(message: str) -> StatusError:
    """500 that the server explains."""
    return StatusError(
        500, "InternalError", f"Internal error occurred: {message}", causes=[StatusCause("", "", message)]
    )


def apply_conflict(message: str, causes: Iterable[AnyCause]) -> StatusError:
    """409 of a server-side apply that would take fields from other managers."""
    return StatusError(409, "Conflict", message, causes=causes)


def unprocessable(message: str) -> StatusError:
    """422 for a JSON patch that does not fit the object."""
    text = "the server rejected our request due to an error in our request"
    return StatusError(422, "Invalid", text, details={}) if message else StatusError(422, "Invalid", text)


def invalid(group: str, kind: str, name: str, causes: Sequence[AnyCause]) -> StatusError:
    """422 with one cause per field; the message joins them as the real server does."""
    message = f"{qualified(kind, group)} {quote(name)} is invalid"
    texts = list(dict.fromkeys(f"{cause.field}: {cause.message}" for cause in causes))
    if texts:
        message += f": {texts[0]}" if len(texts) == 1 else f": [{', '.join(texts)}]"
    return StatusError(422, "Invalid", message, details=_details(group, kind, name), causes=causes)


def too_large(message: str) -> StatusError:
    """413."""
    return StatusError(413, "RequestEntityTooLarge", f"Request entity too large: {message}")


def precondition_failed(group: str, plural: str, namespace: str, name: str, what: str) -> StatusError:
    """409 when the object is not the one that the request means."""
    path = "/".join(part for part in ("/registry", group, plural, namespace, name) if part)
    return conflict(
        group,
        plural,
        name,
        f"StorageError: invalid object, Code: 4, Key: {path}, ResourceVersion: 0, "
        f"AdditionalErrorMsg: Precondition failed: {what}",
    )


def unexplained(message: str) -> StatusError:
    """500 for an error that the real server passes on as it is, without a reason."""
    return StatusError(500, "", message)
