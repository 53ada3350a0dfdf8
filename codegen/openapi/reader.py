"""OpenAPI v3 documents of an API server, with its discovery document, into definitions and resources.

The documents are those of ``/openapi/v3/...`` (one per group-version) beside a ``discovery.json`` that maps the path of
each group-version to its ``APIResourceList``.  Only ``components.schemas`` and discovery are read, so trimmed documents
read the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from codegen.errors import CodegenError
from codegen.ir import Any_, Array, Doc, Enum, IntOrString, Map, Node, Object, Property, Ref, Scalar, ScalarType
from codegen.openapi.model import ApiResource, BuiltInApi, Definition, Subresource

Json = Mapping[str, Any]

_REF: Final = "#/components/schemas/"
_SCALARS: Final[dict[str, ScalarType]] = {
    "string": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
}
_GVK: Final = "x-kubernetes-group-version-kind"


def read(directory: Path, label: str = "") -> BuiltInApi:
    """Reads every document of ``directory``; ``label`` is what headers call it.  Raises CodegenError, naming the file."""
    discovery = _document(directory / "discovery.json")
    definitions: dict[str, Definition] = {}
    kinds: dict[tuple[str, str, str], str] = {}
    files: dict[tuple[str, str], str] = {}
    for path in sorted(directory.glob("api*.json")):
        schemas = cast("Mapping[str, Json]", _document(path).get("components", {}).get("schemas", {}))
        for name in sorted(schemas):
            definitions.setdefault(name, Definition(name, _node(schemas[name])))
            for gvk in cast("list[Json]", schemas[name].get(_GVK, [])):
                key = (str(gvk.get("group", "")), str(gvk.get("version", "")), str(gvk.get("kind", "")))
                # DeleteOptions and WatchEvent claim to be of every group; a kind's own definition comes from its group.
                kinds.setdefault(key, name)
        files[_group_version(path)] = f"{label}/{path.name}" if label else path.name
    return BuiltInApi(definitions, tuple(_resources(discovery, kinds)), files)


def _group_version(path: Path) -> tuple[str, str]:
    """``apis_apps_v1.json`` -> ("apps", "v1"), ``api_v1.json`` -> ("", "v1")."""
    parts = path.stem.split("_")
    return ("", parts[1]) if parts[0] == "api" else ("_".join(parts[1:-1]), parts[-1])


def _document(path: Path) -> Json:
    try:
        loaded: object = json.loads(path.read_bytes())
    except OSError as error:
        raise CodegenError(
            f"cannot read: {error.strerror}", source=str(path), hint="the documents of the built-in API are missing"
        ) from error
    except json.JSONDecodeError as error:
        raise CodegenError(f"not valid JSON: {error}", source=str(path)) from error
    if not isinstance(loaded, dict):
        raise CodegenError("not a JSON object", source=str(path))
    return cast("Json", loaded)


def _resources(discovery: Json, kinds: Mapping[tuple[str, str, str], str]) -> list[ApiResource]:
    found: list[ApiResource] = []
    for path in sorted(discovery):
        group, _, version = path.removeprefix("/apis/").removeprefix("/api/").rpartition("/")
        entries = cast("list[Json]", discovery[path].get("resources", []))
        for entry in entries:
            name = str(entry["name"])
            definition = kinds.get((group, version, str(entry["kind"])))
            if "/" in name or definition is None:
                continue
            found.append(
                ApiResource(
                    group,
                    version,
                    name,
                    str(entry["kind"]),
                    bool(entry["namespaced"]),
                    tuple(sorted(entry["verbs"])),
                    definition,
                    str(entry.get("singularName", "")),
                    tuple(entry.get("shortNames", ())),
                    tuple(entry.get("categories", ())),
                    _subresources(name, entries),
                )
            )
    return sorted(found, key=lambda resource: (resource.group, resource.version, resource.plural))


def _subresources(plural: str, entries: list[Json]) -> tuple[Subresource, ...]:
    return tuple(
        Subresource(
            str(entry["name"]).removeprefix(f"{plural}/"),
            str(entry["kind"]),
            tuple(sorted(entry["verbs"])),
            str(entry.get("group", "")),
            str(entry.get("version", "")),
        )
        for entry in sorted(entries, key=lambda each: str(each["name"]))
        if str(entry["name"]).startswith(f"{plural}/")
    )


def _node(schema: Json) -> Node:
    doc = _doc(schema)
    if "$ref" in schema:
        return Ref(str(schema["$ref"]).removeprefix(_REF), doc=doc)
    every = cast("list[Json]", schema.get("allOf", []))
    if len(every) == 1 and "$ref" in every[0]:
        return Ref(str(every[0]["$ref"]).removeprefix(_REF), doc=doc)
    if "oneOf" in schema and "type" not in schema:
        return IntOrString(doc=doc)  # IntOrString and Quantity, the only two
    type_ = schema.get("type")
    if type_ in _SCALARS:
        values = tuple(value for value in cast("list[Any]", schema.get("enum", [])) if isinstance(value, str))
        return Enum("string", values, doc=doc) if values else Scalar(_SCALARS[type_], doc=doc)
    if type_ == "array":
        return Array(
            _node(schema.get("items", {})),
            list_type=str(schema.get("x-kubernetes-list-type", "")),
            list_map_keys=tuple(schema.get("x-kubernetes-list-map-keys", ())),
            doc=doc,
        )
    if type_ == "object":
        properties = cast("Mapping[str, Json]", schema.get("properties", {}))
        if not properties:
            return Map(_node(schema.get("additionalProperties", {})), doc=doc)
        required = frozenset(cast("list[str]", schema.get("required", [])))
        return Object(tuple(Property(n, _node(properties[n]), n in required) for n in sorted(properties)), doc=doc)
    return Any_(doc=doc)


def _doc(schema: Json) -> Doc:
    default = schema.get("default")
    # "" and {} stand at every field that has no default in Go.
    return Doc(
        description=str(schema.get("description", "")),
        default=None if default in (None, "", {}, 0) else json.dumps(default),
        format=str(schema.get("format", "")),
    )
