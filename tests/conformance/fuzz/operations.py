"""Random operations as plain data, so that a failing sequence can be printed, shortened and run again."""

from __future__ import annotations

import random
from typing import Any

from tests.conformance.fuzz.kinds import Kind
from tests.conformance.fuzz.values import Values

Operation = dict[str, Any]

_NAMES = ("a", "b", "c")
_MANAGERS = ("m1", "m2", "m3")
_LABELS: tuple[dict[str, str], ...] = ({"app": "x"}, {"app": "y", "tier": "t"}, {}, {"app": "x", "n": "5"})
_SELECTORS = ("app=x", "app!=x", "app in (x,y)", "!app", "tier", "n>3", "app=y,tier=t", "app=", "bad==,", "")
START = "<start>"  # stands for the version before the sequence
_ODD_WATCHES: tuple[dict[str, Any], ...] = (
    {"sendInitialEvents": True},
    {"sendInitialEvents": True, "resourceVersionMatch": "Exact"},
    {"sendInitialEvents": False, "resourceVersionMatch": "NotOlderThan"},
    {"sendInitialEvents": False, "resourceVersionMatch": "NotOlderThan", "resourceVersion": START},
    {"resourceVersionMatch": "NotOlderThan"},
    {"resourceVersion": "odd"},
    {"limit": 1, "resourceVersion": START},
    {"continue_": "odd"},
)
_VERBS = {
    "create": 14,
    "get": 4,
    "list": 7,
    "update": 10,
    "merge": 10,
    "json": 7,
    "strategic": 4,
    "apply": 14,
    "status-update": 4,
    "status-merge": 4,
    "status-apply": 4,
    "scale": 3,
    "delete": 6,
    "delete-collection": 1,
}


class Operations:
    """Makes operations on one kind."""

    def __init__(self, rng: random.Random, kind: Kind) -> None:
        self._rng = rng
        self._kind = kind
        self._values = Values(rng)

    def next(self) -> Operation:
        """One operation: ``verb``, ``name``, ``query`` and what the verb needs."""
        while True:
            verb = self._rng.choices(list(_VERBS), list(_VERBS.values()))[0]
            if verb.startswith("status-") and "status" not in self._kind.subresources and self._rng.random() < 0.9:
                continue
            if verb == "scale" and "scale" not in self._kind.subresources and self._rng.random() < 0.9:
                continue
            if verb == "strategic" and not self._kind.builtin and self._rng.random() < 0.9:
                continue
            operation = getattr(self, "_" + verb.replace("-", "_"))()
            return {"verb": verb, **operation}

    def watch(self) -> Operation:
        """A watch at the end of a sequence: over all of it (``start``), or over what is there, with some of the options."""
        rng = self._rng
        query: dict[str, Any] = {}
        begin = rng.choices(["start", "0", "", "initial", "odd"], [6, 1, 1, 3, 1])[0]
        if begin == "start":
            query["resourceVersion"] = START
        elif begin == "0":
            query["resourceVersion"] = "0"
        elif begin == "initial":
            query |= {"sendInitialEvents": True, "resourceVersionMatch": "NotOlderThan"}
            query |= rng.choice([{}, {"resourceVersion": "0"}, {"resourceVersion": START}])
        elif begin == "odd":
            query |= rng.choice(_ODD_WATCHES)
        if begin == "initial" or rng.random() < 0.2:
            query["allowWatchBookmarks"] = True
        query |= self._selectors()
        return {"verb": "watch", "query": query, "accept": self._accept() if self._kind.namespaced else ""}

    def _create(self) -> Operation:
        body = self._object(self._some_name())
        if self._rng.random() < 0.05:
            body = self._object("", spoiled=False)
            body["metadata"] = {"generateName": "made-"}
        return {"body": body, "query": self._write_query()}

    def _get(self) -> Operation:
        return {"name": self._some_name(), "accept": self._accept(), "query": {}}

    def _list(self) -> Operation:
        rng = self._rng
        query = self._selectors()
        if rng.random() < 0.4:
            query["limit"] = rng.choice([1, 2, 500])
        return {"query": query, "accept": self._accept(), "pages": rng.random() < 0.7}

    def _update(self) -> Operation:
        return {**self._edit(), "query": self._write_query(), "stale": self._rng.random() < 0.1}

    def _merge(self) -> Operation:
        return {"name": self._some_name(), "patch": self._merge_patch(), "query": self._write_query()}

    def _json(self) -> Operation:
        rng = self._rng
        steps: list[dict[str, Any]] = []
        body = self._object("a")
        for _ in range(rng.randint(1, 3)):
            top = rng.choice([key for key in body if key not in ("apiVersion", "kind")])
            path, value = f"/{top}", body[top]
            while isinstance(value, dict) and value and rng.random() < 0.7:
                key = rng.choice(list(value))
                path, value = f"{path}/{key.replace('~', '~0').replace('/', '~1')}", value[key]
            if isinstance(value, list) and rng.random() < 0.5:
                path, value = f"{path}/{rng.choice(['-', '0', '1'])}", rng.choice(value) if value else 1
            operation = rng.choice(["add", "add", "replace", "remove", "test", "copy"])
            step: dict[str, Any] = {"op": operation, "path": path}
            if operation in ("add", "replace", "test"):
                step["value"] = value
            elif operation == "copy":
                step["from"] = rng.choice(["/metadata/labels", path, "/spec", "/nothing"])
            steps.append(step)
        return {"name": self._some_name(), "patch": steps, "query": self._write_query()}

    def _strategic(self) -> Operation:
        return {"name": self._some_name(), "patch": self._merge_patch(), "query": self._write_query()}

    def _apply(self) -> Operation:
        name = self._some_name()
        body = self._object(name, full=self._rng.random() < 0.5)
        return {"name": name, "patch": body, "query": self._apply_query()}

    def _status_update(self) -> Operation:
        return {**self._edit(top=("status", "spec")), "query": self._write_query(), "stale": self._rng.random() < 0.1}

    def _status_merge(self) -> Operation:
        return {"name": self._some_name(), "patch": self._merge_patch(("status",)), "query": self._write_query()}

    def _status_apply(self) -> Operation:
        name = self._some_name()
        body = self._object(name, only=("status",))
        return {"name": name, "patch": body, "query": self._apply_query()}

    def _scale(self) -> Operation:
        replicas = self._rng.choice([0, 1, 5, -1, 1000, "x"])
        return {"name": self._some_name(), "patch": {"spec": {"replicas": replicas}}, "query": self._write_query()}

    def _delete(self) -> Operation:
        rng = self._rng
        query: dict[str, Any] = {}
        if rng.random() < 0.3:
            query["propagationPolicy"] = rng.choice(["Background", "Foreground", "Orphan"])
        if rng.random() < 0.1:
            query["dryRun"] = "All"
        if rng.random() < 0.1:
            query["gracePeriodSeconds"] = rng.choice([0, 30])
        body = rng.choice([None, None, {"preconditions": {"uid": "00000000-0000-0000-0000-000000000000"}}, {}])
        return {"name": self._some_name(), "query": query, "body": body}

    def _delete_collection(self) -> Operation:
        return {"query": {"labelSelector": self._rng.choice(_SELECTORS)}}

    # --- parts

    def _selectors(self) -> dict[str, Any]:
        rng = self._rng
        query: dict[str, Any] = {}
        if rng.random() < 0.4:
            query["labelSelector"] = rng.choice(_SELECTORS)
        if rng.random() < 0.3:
            fields = [
                "metadata.name=a",
                "metadata.name!=b",
                "spec.nothing=1",
                *(f"{each}=x" for each in self._kind.fields),
            ]
            query["fieldSelector"] = rng.choice(fields)
        return query

    def _some_name(self) -> str:
        return self._rng.choice(_NAMES)

    def _object(
        self, name: str, *, full: bool = True, only: tuple[str, ...] = (), spoiled: bool = True
    ) -> dict[str, Any]:
        schema = self._kind.schema
        properties = {
            key: value
            for key, value in schema.get("properties", {}).items()
            if key not in ("apiVersion", "kind", "metadata") and (not only or key in only)
        }
        if not full and not only:
            properties = {key: value for key, value in properties.items() if key != "status"}
        required = [key for key in schema.get("required", []) if key in properties]
        document = self._values.valid({**schema, "properties": properties, "required": required, "nullable": False})
        document = document if isinstance(document, dict) else {}
        if only:
            for key in only:
                if key in properties and key not in document:
                    document[key] = self._values.valid(properties[key], 1)
        if spoiled and self._rng.random() < 0.25:
            document = self._values.spoil(document, schema)
        return {
            "apiVersion": self._kind.api_version,
            "kind": self._kind.kind,
            "metadata": {"name": name, **self._metadata()},
            **{key: value for key, value in document.items() if key not in ("apiVersion", "kind", "metadata")},
        }

    def _metadata(self) -> dict[str, Any]:
        rng = self._rng
        metadata: dict[str, Any] = {}
        if rng.random() < 0.5:
            metadata["labels"] = rng.choice(_LABELS)
        if rng.random() < 0.2:
            metadata["annotations"] = rng.choice([{"note": "1"}, {"example.com/x": "y"}, {}])
        if rng.random() < 0.1:
            metadata["finalizers"] = rng.choice([["example.com/f"], ["example.com/f", "example.com/g"], []])
        if rng.random() < 0.05:
            owner = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "name": "o",
                "uid": "00000000-0000-0000-0000-000000000001",
            }
            metadata["ownerReferences"] = [owner]
        if rng.random() < 0.04:
            metadata.update(
                rng.choice(
                    [
                        {"labels": {"bad label": "x"}},
                        {"labels": {"a": 5}},
                        {"annotations": "x"},
                        {"finalizers": ["bad"]},
                        {"surprise": 1},
                        {"generation": 7},
                        {"creationTimestamp": None},
                        {"labels": None},
                    ]
                )
            )
        return metadata

    def _edit(self, top: tuple[str, ...] = ()) -> Operation:
        """Changes to lay over the stored object: whole top-level fields, replaced or removed."""
        body = self._object("a")
        changes = {key: body[key] for key in body if key not in ("apiVersion", "kind") and (not top or key in top)}
        changes.get("metadata", {}).pop("name", None)
        if not changes or self._rng.random() < 0.1:
            changes["spec"] = None
        return {"name": self._some_name(), "changes": changes}

    def _merge_patch(self, only: tuple[str, ...] = ()) -> Any:
        body = self._object("a")
        patch = {
            key: value for key, value in body.items() if key not in ("apiVersion", "kind") and (not only or key in only)
        }
        patch.get("metadata", {}).pop("name", None)
        if patch.get("metadata") == {}:
            del patch["metadata"]
        return self._with_nulls(patch, 0)

    def _with_nulls(self, value: Any, depth: int) -> Any:
        if not isinstance(value, dict):
            return value
        result: dict[str, Any] = {}
        for key, child in value.items():
            chance = self._rng.random()
            if depth > 0 and chance < 0.1:
                result[key] = None
            elif depth > 1 and chance < 0.4:
                continue
            else:
                result[key] = self._with_nulls(child, depth + 1)
        return result

    def _write_query(self) -> dict[str, Any]:
        rng = self._rng
        query: dict[str, Any] = {}
        if rng.random() < 0.08:
            query["dryRun"] = "All"
        if rng.random() < 0.3:
            query["fieldValidation"] = rng.choice(["Strict", "Warn", "Ignore"])
        if rng.random() < 0.5:
            query["fieldManager"] = rng.choice(_MANAGERS)
        return query

    def _apply_query(self) -> dict[str, Any]:
        query = {**self._write_query(), "fieldManager": self._rng.choice(_MANAGERS)}
        if self._rng.random() < 0.3:
            query["force"] = True
        return query

    def _accept(self) -> str:
        return self._rng.choices(["", "Table", "PartialObjectMetadata"], [8, 2, 1])[0]
