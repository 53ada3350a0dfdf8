"""From a request path to what is asked for: group, version, resource, namespace, name, subresource.

The shapes are those of the real server's RequestInfo (apiserver ``pkg/endpoints/request``): ``/api/v1/...`` for the core
group and ``/apis/GROUP/VERSION/...`` for all others, an optional ``namespaces/NS`` pair, and the old ``watch/`` prefix.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Route:
    """One parsed resource path. ``name`` and ``subresource`` are empty where the path does not go that deep."""

    group: str
    version: str
    plural: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    watch: bool = False
    """The deprecated ``/api/v1/watch/...`` form."""


def parse_path(path: str) -> Route | None:
    """The route of a resource path, or None when it is none (discovery, health, OpenAPI …)."""
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) >= 3:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) >= 4:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    watch = rest[0] == "watch" and len(rest) > 1
    if watch:
        rest = rest[1:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) >= 3 and not (group == "" and rest[2] in ("status", "finalize")):
        namespace, rest = rest[1], rest[2:]
        if not namespace:
            return None
    if not 1 <= len(rest) <= 3 or any(not part for part in rest):
        return None
    rest += [""] * (3 - len(rest))
    return Route(group, version, rest[0], namespace, rest[1], rest[2], watch)
