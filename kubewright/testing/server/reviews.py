"""Questions that are posted and not stored: who am I, and may I? Everybody may do everything here, and is told so.

``kubectl auth can-i``, ``kubectl auth whoami`` and controllers that check their permissions at start ask them.
"""

from __future__ import annotations

from typing import Final

import msgspec

from kubewright.core.resource import Resource
from kubewright.testing.server.bodies import read_document
from kubewright.testing.server.documents import Json, is_object, section
from kubewright.testing.server.messages import ServerRequest, ServerResponse, StatusError
from kubewright.testing.server.registry import ServedResource
from kubewright.testing.server.routing import parse_path

_USER: Final[Json] = {"username": "system:admin", "groups": ["system:masters", "system:authenticated"]}
_ALLOWED: Final[Json] = {"allowed": True, "reason": "the embedded API server allows everything"}
_RULES: Final[Json] = {
    "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
    "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    "incomplete": False,
}


def _kind(group: str, kind: str, *, namespaced: bool = False) -> Resource:
    plural = f"{kind.lower()}s"
    return Resource(
        group=group,
        version="v1",
        kind=kind,
        plural=plural,
        namespaced=namespaced,
        singular=kind.lower(),
        verbs=("create",),
    )


_STATUS_OF: Final[dict[Resource, Json]] = {
    _kind("authentication.k8s.io", "SelfSubjectReview"): {"userInfo": _USER},
    _kind("authentication.k8s.io", "TokenReview"): {"authenticated": True, "user": _USER},
    _kind("authorization.k8s.io", "LocalSubjectAccessReview", namespaced=True): _ALLOWED,
    _kind("authorization.k8s.io", "SelfSubjectAccessReview"): _ALLOWED,
    _kind("authorization.k8s.io", "SelfSubjectRulesReview"): _RULES,
    _kind("authorization.k8s.io", "SubjectAccessReview"): _ALLOWED,
}
SERVED: Final = tuple(ServedResource(resource, "v1", builtin=True) for resource in _STATUS_OF)
"""For discovery; they are no kinds of the registry, because nothing of them is stored."""


def answer(request: ServerRequest) -> ServerResponse | None:
    """The answered question, or None when the path asks none. Raises StatusError for a body that is no object."""
    route = parse_path(request.path)
    if route is None or request.method != "POST" or route.name:
        return None
    for resource, status in _STATUS_OF.items():
        if (route.group, route.version, route.plural) != (resource.group, resource.version, resource.plural):
            continue
        document = read_document(request)
        if not is_object(document):
            raise StatusError(400, "BadRequest", "the body is no object")
        head: Json = {"kind": resource.kind, "apiVersion": resource.api_version}
        body: Json = {**head, "metadata": section(document, "metadata"), "spec": section(document, "spec")}
        return ServerResponse(201, msgspec.json.encode({**body, "status": status}))
    return None
