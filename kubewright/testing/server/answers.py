"""The checks and endings that the verbs of the API share: is the verb allowed, is the name right, what goes back."""

from __future__ import annotations

from kubewright.testing.server import statuses
from kubewright.testing.server.documents import Json
from kubewright.testing.server.messages import JSON, ServerRequest, ServerResponse, StatusError
from kubewright.testing.server.registry import ServedResource
from kubewright.testing.server.represent import Representation


def response(status: int, body: bytes, shown: Representation) -> ServerResponse:
    return ServerResponse(status, body, (("content-type", shown.media or JSON),))


def unsupported(request: ServerRequest, served: ServedResource) -> StatusError:
    """405 for a method that a subresource does not have."""
    if served.builtin:
        return statuses.method_not_allowed()
    verb = {"POST": "create", "DELETE": "delete"}.get(request.method, request.method.lower())
    return statuses.method_not_supported(served.resource.group, served.resource.plural, verb)


def allowed(served: ServedResource, verb: str) -> None:
    if served.verbs and verb not in served.verbs:
        raise statuses.method_not_allowed()


def check_name(obj: Json, name: str) -> None:
    """The name in the object must be that of the path."""
    given = obj["metadata"].get("name", "")
    if not given:
        raise statuses.bad_request(
            f"the name of the object ({name} based on URL) was undeterminable: name must be provided"
        )
    if given != name:
        raise statuses.bad_request(f"the name of the object ({given}) does not match the name on the URL ({name})")
