"""The paths beside resources: version, health, discovery, OpenAPI. What kubectl asks before it asks for anything."""

from __future__ import annotations

from typing import Final

import msgspec

from kubewright.testing.server import builtins, reviews
from kubewright.testing.server.discovery import Discovery
from kubewright.testing.server.messages import ServerRequest, ServerResponse
from kubewright.testing.server.openapi import OpenAPI
from kubewright.testing.server.registry import Registry

_HEALTH: Final = ("healthz", "livez", "readyz")
_VERSION: Final = {
    "major": "1",
    "minor": builtins.KUBERNETES_VERSION.split(".")[1],
    "gitVersion": f"{builtins.KUBERNETES_VERSION}+kubewright",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "",
}


class ControlPaths:
    """The ``fallback`` of ``API``."""

    def __init__(self, registry: Registry) -> None:
        self._discovery = Discovery(registry)
        self._openapi = OpenAPI(registry)

    def __call__(self, request: ServerRequest) -> ServerResponse | None:
        """The answer, or None for a path that a real server does not know either."""
        if request.method not in ("GET", "HEAD"):
            return reviews.answer(request)
        first = request.path.strip("/").split("/", 1)[0]
        if first in _HEALTH:
            return ServerResponse(200, b"ok", (("content-type", "text/plain; charset=utf-8"),))
        if first == "version":
            return ServerResponse(200, msgspec.json.encode(_VERSION))
        if first in ("api", "apis"):
            return self._discovery.answer(request)
        if first == "openapi":
            return self._openapi.answer(request)
        return None
