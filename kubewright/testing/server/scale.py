"""The scale subresource: one small object that stands for the replicas of any workload.

Reading builds an ``autoscaling/v1`` Scale out of the parent, writing puts ``spec.replicas`` back at the place that the
kind names. Whoever scales owns the replicas field from then on, under the subresource ``scale``.
"""

from __future__ import annotations

from typing import Any

import msgspec

from kubewright.testing.server import statuses
from kubewright.testing.server.bodies import parse_yaml, read_document
from kubewright.testing.server.documents import Json, entries, is_object, section
from kubewright.testing.server.messages import ServerRequest
from kubewright.testing.server.patching import json_patch, merge_patch
from kubewright.testing.server.registry import ServedResource
from kubewright.validation import Scale
from kubewright.validation.causes import invalid

_PATCHES = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)


def _at(obj: Json, path: str) -> Any:
    value: Any = obj
    for part in path.strip(".").split("."):
        value = value.get(part) if is_object(value) else None
    return value


def _put(obj: Json, path: str, value: int) -> None:
    *parents, last = path.strip(".").split(".")
    target = obj
    for part in parents:
        below = target.setdefault(part, {})
        if not is_object(below):
            raise statuses.bad_request(f"the spec replicas field {statuses.quote(path)} has no place in the object")
        target = below
    target[last] = value


def scale_of(obj: Json, paths: Scale) -> Json:
    """The Scale of a parent object."""
    meta: Json = obj["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    status: Json = {"replicas": _at(obj, paths.status_replicas_path) or 0}
    selector = _at(obj, paths.label_selector_path) if paths.label_selector_path else ""
    if text := _selector_text(selector):
        status["selector"] = text
    replicas = _at(obj, paths.spec_replicas_path)
    return {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {name: meta[name] for name in kept if name in meta},
        "spec": {"replicas": replicas} if replicas else {},
        "status": status,
    }


def _selector_text(selector: Any) -> str:
    """A selector in its string form; built-in workloads hold a LabelSelector, custom resources the string itself."""
    if isinstance(selector, str):
        return selector
    if not is_object(selector):
        return ""
    terms = [(key, f"{key}={value}") for key, value in section(selector, "matchLabels").items()]
    for term in entries(selector, "matchExpressions"):
        key, values = str(term.get("key", "")), ",".join(sorted(term.get("values") or ()))
        shown = {
            "In": f"{key} in ({values})",
            "NotIn": f"{key} notin ({values})",
            "Exists": key,
            "DoesNotExist": f"!{key}",
        }
        terms.append((key, shown.get(term.get("operator", ""), key)))
    return ",".join(text for _, text in sorted(terms))


def rescaled(live: Json, request: ServerRequest, served: ServedResource, paths: Scale) -> Json:
    """The parent with the replicas that a PUT or PATCH of its Scale asks for. Raises 400, 415 and 422."""
    scale = scale_of(live, paths)
    if request.method == "PUT":
        wanted: Any = read_document(request)
    else:
        scale["spec"].setdefault("replicas", 0)
        media = request.headers.get("content-type", "").partition(";")[0].strip()
        if media not in _PATCHES:
            raise statuses.unsupported_media_type(_PATCHES)
        patch = parse_yaml(request.body) if media == _PATCHES[3] else _json(request.body)
        wanted = json_patch(scale, patch) if media == _PATCHES[0] else merge_patch(scale, patch)
    if not is_object(wanted) or not is_object(wanted.get("spec") or {}):
        raise statuses.bad_request("the body is not a Scale")
    meta = section(wanted, "metadata")
    if meta.get("name", live["metadata"]["name"]) != live["metadata"]["name"]:
        raise statuses.bad_request(
            f"the name of the object ({meta['name']}) does not match the name on the URL ({live['metadata']['name']})"
        )
    replicas: object = section(wanted, "spec").get("replicas", 0)
    if isinstance(replicas, bool) or not isinstance(replicas, int):
        given = "string" if isinstance(replicas, str) else "bool" if isinstance(replicas, bool) else "number"
        problem = f"json: cannot unmarshal {given} into Go struct field ScaleSpec.spec.replicas of type int32"
        if request.method == "PUT":
            raise statuses.bad_request(f'Scale in version "v1" cannot be handled as a Scale: {problem}')
        shown = msgspec.json.encode({"apiVersion": "autoscaling/v1", **wanted}).decode()
        raise statuses.invalid("", "", "", [invalid("patch", shown, problem)])
    if replicas < 0 and served.builtin:  # a custom resource is judged by its schema
        cause = invalid("spec.replicas", replicas, "must be greater than or equal to 0")
        raise statuses.invalid("autoscaling", "Scale", live["metadata"]["name"], [cause])
    _put(live, paths.spec_replicas_path, replicas)
    if version := meta.get("resourceVersion"):
        live["metadata"]["resourceVersion"] = version
    return live


def _json(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except msgspec.MsgspecError as error:
        raise statuses.bad_request("invalid JSON patch") from error
