"""Subresources of built-in kinds that are verbs in disguise: eviction, binding, tokens, finalize.

They change another object than the one they carry, so they have no place among the verbs. Served as far as a server
without scheduler, kubelet and disruption controller can: an eviction is a delete, a binding names the node.
"""

from __future__ import annotations

import base64
from typing import Final

from kubewright.testing.server import statuses
from kubewright.testing.server.bodies import read_document
from kubewright.testing.server.deleting import delete
from kubewright.testing.server.documents import Json, entries, is_object, section
from kubewright.testing.server.messages import ServerRequest
from kubewright.testing.server.metadata import timestamp
from kubewright.testing.server.options import DeleteOptions
from kubewright.testing.server.registry import ServedResource
from kubewright.testing.server.represent import decode
from kubewright.testing.server.routing import Route
from kubewright.testing.server.writing import Writer

AS_THE_OBJECT: Final = frozenset(("ephemeralcontainers", "resize", "finalize", "approval"))
"""Subresources that are read and written as the object itself."""
CREATED: Final = frozenset(("eviction", "binding", "token"))
"""Subresources that are only created."""
_DONE: Final[Json] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


_OFFERED: Final[dict[tuple[str, str], frozenset[str]]] = {
    ("", "pods"): frozenset(("eviction", "binding", "ephemeralcontainers", "resize")),
    ("", "namespaces"): frozenset(("finalize",)),
    ("", "serviceaccounts"): frozenset(("token",)),
    ("certificates.k8s.io", "certificatesigningrequests"): frozenset(("approval",)),
}


def is_offered(served: ServedResource, subresource: str) -> bool:
    """Whether the kind has the subresource at all."""
    return served.builtin and subresource in _OFFERED.get((served.resource.group, served.resource.plural), ())


def create(writer: Writer, served: ServedResource, route: Route, request: ServerRequest) -> Json:
    """Create an eviction, a binding or a token; the document to answer with. Raises 400, 404, 409."""
    body = read_document(request)
    if not is_object(body):
        raise statuses.bad_request("the body is not an object")
    name = section(body, "metadata").get("name", "")
    if route.subresource != "token" and name and name != route.name:
        kind = route.subresource.capitalize()
        raise statuses.bad_request(f"name in URL does not match name in {kind} object")
    dry_run = request.param("dryRun") == "All"
    with writer.storage.lock:
        if route.subresource == "eviction":
            return _evict(writer, served, route, section(body, "deleteOptions"), dry_run=dry_run)
        if route.subresource == "binding":
            return _bind(writer, served, route, body, dry_run=dry_run)
        return _token(writer, served, route, body)


def _evict(writer: Writer, served: ServedResource, route: Route, options: Json, *, dry_run: bool) -> Json:
    entry = writer.live(served, route.namespace, route.name)
    if entry.namespace and not dry_run:
        pod = decode(entry.raw)
        if section(pod, "spec").get("nodeName") and "deletionTimestamp" not in pod["metadata"]:
            _condition(
                writer, pod, "DisruptionTarget", reason="EvictionByEvictionAPI", message="Eviction API: evicting"
            )
            writer.commit(served, pod)
    conditions = section(options, "preconditions")
    delete(
        writer,
        served,
        route.namespace,
        route.name,
        DeleteOptions(
            dry_run,
            options.get("gracePeriodSeconds"),
            options.get("propagationPolicy"),
            uid=conditions.get("uid"),
            resource_version=conditions.get("resourceVersion"),
        ),
    )
    return _DONE


def _bind(writer: Writer, served: ServedResource, route: Route, binding: Json, *, dry_run: bool) -> Json:
    entry = writer.live(served, route.namespace, route.name)
    pod = decode(entry.raw)
    spec: Json = pod["spec"]
    why = ""
    if "deletionTimestamp" in pod["metadata"]:
        why = f"pod {route.name} is being deleted, cannot be assigned to a host"
    elif spec.get("nodeName"):
        why = f"pod {route.name} is already assigned to node {statuses.quote(spec['nodeName'])}"
    if why:
        raise statuses.conflict("", "pods/binding", route.name, why)
    spec["nodeName"] = section(binding, "target").get("name", "")
    for part in ("labels", "annotations"):
        if extra := section(binding, "metadata", part):
            pod["metadata"].setdefault(part, {}).update(extra)
    _condition(writer, pod, "PodScheduled")
    if not dry_run:
        writer.commit(served, pod)
    return _DONE


def _condition(writer: Writer, pod: Json, kind: str, **more: str) -> None:
    status: Json = pod.setdefault("status", {})
    others = [condition for condition in entries(status, "conditions") if condition.get("type") != kind]
    since = timestamp(writer.clock.time())
    condition = {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": since, **more}
    status["conditions"] = [*others, condition]


def _token(writer: Writer, served: ServedResource, route: Route, body: Json) -> Json:
    """A token that nobody can verify, but that looks and expires like one."""
    account = writer.live(served, route.namespace, route.name)
    seconds = section(body, "spec").get("expirationSeconds") or 3600
    subject = f"system:serviceaccount:{account.namespace}:{account.name}:{writer.storage.revision}"
    return {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {
            "name": account.name,
            "namespace": account.namespace,
            "creationTimestamp": timestamp(writer.clock.time()),
        },
        "spec": {"boundObjectRef": None, **section(body, "spec"), "expirationSeconds": seconds},
        "status": {
            "token": base64.urlsafe_b64encode(subject.encode()).decode().rstrip("="),
            "expirationTimestamp": timestamp(writer.clock.time() + seconds),
        },
    }
