"""Write the embedded server's table of built-in kinds from what a real kube-apiserver answered.

The embedded API server serves Pods, ConfigMaps and the rest generically, from the real server's own discovery and
OpenAPI v3 documents. They are megabytes of repetition; this script keeps each schema once, drops everything that does
not describe a stored kind, and leaves one file that the wheel carries. Run it after a new Kubernetes
release, with a folder that holds ``discovery.json`` (path -> APIResourceList) and one OpenAPI document per group-version:

    python envtest/builtin_kinds.py FOLDER kubewright/testing/server/data/builtin_kinds.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, TypeAlias

REF = "#/components/schemas/"
SERVED_SUBRESOURCES = (
    "status",
    "scale",
    "approval",
    "binding",
    "ephemeralcontainers",
    "eviction",
    "finalize",
    "resize",
    "token",
)
"""Others (exec, log, proxy …) need a kubelet; a 404 says so better than a pretence."""
NOT_SERVED = {("autoscaling/v1", "horizontalpodautoscalers"), ("v1", "componentstatuses")}
"""The v1 autoscaler is another shape of the v2 object (a conversion in Go); component statuses are computed."""


Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | bool | None"


def references(node: Json) -> set[str]:
    """Names of the schemas a schema points at."""
    if isinstance(node, dict):
        found = {name for value in node.values() for name in references(value)}
        ref = node.get("$ref")
        if isinstance(ref, str):
            found.add(ref.removeprefix(REF))
        return found
    if isinstance(node, list):
        return {name for value in node for name in references(value)}
    return set()


def closure(roots: set[str], schemas: dict[str, Any]) -> dict[str, Any]:
    """The schemas reachable from ``roots``, sorted by name."""
    todo, kept = set(roots), set[str]()
    while todo:
        name = todo.pop()
        kept.add(name)
        todo |= references(schemas[name]) - kept
    return {name: schemas[name] for name in sorted(kept)}


def collect(folder: Path) -> dict[str, Any]:
    """Read the folder and keep what the embedded server needs."""
    schemas: dict[str, Any] = {}
    for document in sorted(folder.glob("api*.json")):
        schemas.update(json.loads(document.read_text())["components"]["schemas"])
    by_kind = {
        (gvk["group"], gvk["version"], gvk["kind"]): name
        for name, schema in schemas.items()
        for gvk in schema.get("x-kubernetes-group-version-kind", ())
        if len(schema["x-kubernetes-group-version-kind"]) == 1
    }
    lists: dict[str, Any] = json.loads((folder / "discovery.json").read_text())
    groups: dict[str, list[dict[str, Any]]] = {}
    roots: set[str] = {"io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "io.k8s.api.autoscaling.v1.Scale"}
    for path in sorted(lists):
        group, _, version = lists[path]["groupVersion"].rpartition("/")
        kept: list[dict[str, Any]] = []
        for resource in lists[path]["resources"]:
            plural, _, subresource = resource["name"].partition("/")
            parent = any(entry["name"] == plural for entry in kept)
            if subresource:
                if not parent or subresource not in SERVED_SUBRESOURCES:
                    continue
            elif (lists[path]["groupVersion"], plural) in NOT_SERVED or "list" not in resource["verbs"]:
                continue
            else:
                schema = by_kind[group, version, resource["kind"]]
                resource["schema"] = schema
                roots |= {schema, by_kind[group, version, resource["kind"] + "List"]}
            kept.append(resource)
        if kept:
            groups[lists[path]["groupVersion"]] = kept
    return {"groups": groups, "schemas": closure(roots, schemas)}


def main(source: str, target: str) -> None:
    """Read, trim, write: the same input always gives the same bytes."""
    found = collect(Path(source))
    # one line a group and one a schema, so that a new release shows as a readable diff
    sections = [
        f"{json.dumps(section)}: {{\n"
        + ",\n".join(
            f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'), sort_keys=True)}"
            for key, value in entries.items()
        )
        + "\n}"
        for section, entries in found.items()
    ]
    Path(target).write_text("{\n" + ",\n".join(sections) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
