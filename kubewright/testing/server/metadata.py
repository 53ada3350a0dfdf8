"""ObjectMeta as the server sees it: what is kept of it, what the server fills in, what is refused and with which words.

Every kind shares these rules (apimachinery ``pkg/api/validation``), so they live apart from schemas. Values arrive as
decoded JSON; ``normalise`` does what a round trip through the Go type does.
"""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import msgspec

from kubewright.testing.server import statuses
from kubewright.testing.server.documents import Json, is_list, is_object, json_type
from kubewright.testing.server.gotypes import WrongType
from kubewright.testing.server.messages import AnyCause, StatusCause
from kubewright.validation.causes import forbidden, invalid, required, too_long

_STRINGS: Final = ("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion")
_TIMES: Final = ("creationTimestamp", "deletionTimestamp")
_NUMBERS: Final = ("generation", "deletionGracePeriodSeconds")
_MAPS: Final = ("labels", "annotations")
_LISTS: Final = ("ownerReferences", "finalizers", "managedFields")
_KNOWN: Final = frozenset((*_STRINGS, *_TIMES, *_NUMBERS, *_MAPS, *_LISTS))
_OWNER_KEYS: Final = ("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion")
_ANNOTATIONS_LIMIT: Final = 256 * 1024
IMMUTABLE: Final = "field is immutable"

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = _LABEL + r"(\." + _LABEL + ")*"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_label_re = re.compile(_LABEL + r"\Z")
_subdomain_re = re.compile(_SUBDOMAIN + r"\Z")
_qualified_re = re.compile(_QUALIFIED + r"\Z")
_value_re = re.compile(f"({_QUALIFIED})?" + r"\Z")


STANDARD_FINALIZERS: Final = frozenset(("kubernetes", "orphan", "foregroundDeletion"))


HOLLOW: Final = ("annotations", "labels", "finalizers", "ownerReferences")
"""What an apply may leave empty in the stored object; readers never see it, because decoding drops what is empty."""


def normalise(obj: Json, *, typed: bool = False) -> list[str]:
    """Bring ``obj["metadata"]`` into the shape the Go type would give it, in place.

    Empty values vanish, unknown fields are removed and returned as dotted paths. Raises WrongType.
    """
    meta: object = obj.get("metadata")
    if meta is None:
        obj["metadata"] = {}
        return []
    if not is_object(meta):
        raise _wrong_type("metadata", meta, "v1.ObjectMeta")
    where = "metadata." if typed else ""
    known = meta
    unknown = [f"metadata.{name}" for name in known if name not in _KNOWN]
    clean: Json = {}
    for name, value in known.items():
        if name not in _KNOWN or name == "selfLink" or value is None or (value == "" and name in (*_STRINGS, *_TIMES)):
            continue
        _check_type(name, value, where)
        if value not in ({}, []):
            clean[name] = value
    for index, owner in enumerate(clean.get("ownerReferences", [])):
        if is_object(owner):
            reference = owner
            for extra in [key for key in reference if key not in _OWNER_KEYS]:
                unknown.append(f"metadata.ownerReferences[{index}].{extra}")
                del reference[extra]
            for name in ("apiVersion", "kind", "name", "uid"):
                reference.setdefault(name, "")
    obj["metadata"] = clean
    return unknown


def _check_type(name: str, value: object, where: str) -> None:
    if name in _STRINGS or name in _TIMES:
        if not isinstance(value, str):
            raise _wrong_type(where + name, value, "string")
    elif name in _NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int):
            raise _wrong_type(where + name, value, "int64")
    elif name in _MAPS:
        if not is_object(value):
            raise _wrong_type(where + name, value, "map[string]string")
        for key, item in list(value.items()):
            if item is None:
                value[key] = ""
            elif not isinstance(item, str):
                raise _wrong_type(where + name, item, "string")
    elif not is_list(value):
        raise _wrong_type(where + name, value, "[]" + ("string" if name == "finalizers" else "struct"))
    elif name == "finalizers":
        for index, item in enumerate(value):
            if item is None:
                value[index] = ""
            elif not isinstance(item, str):
                raise _wrong_type(where + name, item, "string")


def _wrong_type(path: str, value: object, wanted: str) -> WrongType:
    return WrongType(
        f"json: cannot unmarshal {json_type(value)} into Go struct field ObjectMeta.{path} of type {wanted}"
    )


def wipe_system_fields(meta: Json) -> None:
    """Forget what only the server may say about a new object."""
    for name in ("creationTimestamp", "uid", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"):
        meta.pop(name, None)


def fill_system_fields(meta: Json, now: float) -> None:
    """Say it."""
    meta["creationTimestamp"] = timestamp(now)
    meta["uid"] = str(uuid.uuid4())


def timestamp(now: float) -> str:
    """Epoch seconds as Kubernetes writes a time: UTC, whole seconds."""
    return _timestamp(int(now))


@lru_cache(maxsize=64)
def _timestamp(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def set_namespace(meta: Json, wanted: str) -> None:
    """Make the object's namespace that of the request; raises 400 when it says another one."""
    given = meta.get("namespace", "")
    if given == wanted:
        return
    if given and wanted:
        raise statuses.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    if wanted:
        meta["namespace"] = wanted
    else:
        meta.pop("namespace", None)


# Names, labels, annotations.


def _with_regex(message: str, expression: str, *examples: str) -> str:
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{message} (e.g. {shown}regex used for validation is '{expression}')"


_SUBDOMAIN_MESSAGE = _with_regex(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
    "and must start and end with an alphanumeric character",
    _SUBDOMAIN,
    "example.com",
)
_LABEL_MESSAGE = _with_regex(
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
    "and must start and end with an alphanumeric character",
    _LABEL,
    "my-name",
    "123-abc",
)
_QUALIFIED_TEXT = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
)
_QUALIFIED_MESSAGE = _with_regex(_QUALIFIED_TEXT, _QUALIFIED, "MyName", "my.name", "123-abc")
_VALUE_MESSAGE = _with_regex(
    f"a valid label must be an empty string or consist of{_QUALIFIED_TEXT.removeprefix('must consist of')}",
    f"({_QUALIFIED})?",
    "MyValue",
    "my_value",
    "12345",
)


def name_problems(kind: str, value: str, *, prefix: bool = False) -> list[str]:
    """What is wrong with a name of a kind (``subdomain``, ``label``, ``segment``); ``prefix`` for generateName."""
    if kind == "segment":
        if not prefix and value in (".", ".."):
            return [f"may not be '{value}'"]
        return [f"may not contain '{part}'" for part in ("/", "%") if part in value]
    if prefix and len(value) > 1 and value.endswith("-"):
        value = value[:-2] + "a"
    if kind == "label":
        problems = ["must be no more than 63 characters"] if len(value.encode()) > 63 else []
        if not _label_re.match(value):
            problems.append("must not contain dots" if _subdomain_re.match(value) else _LABEL_MESSAGE)
        return problems
    problems = ["must be no more than 253 characters"] if len(value.encode()) > 253 else []
    if not _subdomain_re.match(value):
        problems.append(_SUBDOMAIN_MESSAGE)
    return problems


def qualified_name_problems(value: str) -> list[str]:
    """What is wrong with a label key, annotation key or finalizer."""
    prefix, slash, name = value.partition("/")
    if "/" in name:
        return [
            f"a valid label key {_QUALIFIED_MESSAGE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        ]
    problems: list[str] = []
    if slash:
        if not prefix:
            problems.append("prefix part must be non-empty")
        else:
            reasons = name_problems("subdomain", prefix)
            problems += [f"prefix part {reason.replace('characters', 'bytes', reason[0] == 'm')}" for reason in reasons]
    else:
        name = prefix
    if not name:
        problems.append("name part must be non-empty")
    elif len(name.encode()) > 63:
        problems.append("name part must be no more than 63 bytes")
    if not _qualified_re.match(name):
        problems.append(f"name part {_QUALIFIED_MESSAGE}")
    return problems


def _label_causes(labels: Mapping[str, str]) -> list[AnyCause]:
    causes: list[AnyCause] = []
    for key in sorted(labels):
        value = labels[key]
        causes += [invalid("metadata.labels", key, problem) for problem in qualified_name_problems(key)]
        causes += [invalid("metadata.labels", value, problem) for problem in label_value_problems(value)]
    return causes


def label_value_problems(value: str) -> list[str]:
    """What is wrong with the value of a label."""
    problems = ["must be no more than 63 bytes"] if len(value.encode()) > 63 else []
    return problems if _value_re.match(value) else [*problems, _VALUE_MESSAGE]


def _annotation_causes(annotations: Mapping[str, str]) -> list[AnyCause]:
    causes: list[AnyCause] = [
        invalid("metadata.annotations", key, problem)
        for key in sorted(annotations)
        for problem in qualified_name_problems(key.lower())
    ]
    size = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    if size > _ANNOTATIONS_LIMIT:
        causes.append(too_long("metadata.annotations", _ANNOTATIONS_LIMIT))
    return causes


def _owner_causes(owners: list[Json]) -> list[AnyCause]:
    causes: list[AnyCause] = []
    controller = ""
    for index, owner in enumerate(owners):
        path = f"metadata.ownerReferences[{index}]"
        version = owner.get("apiVersion") or ""
        if not version:
            causes.append(required(f"{path}.apiVersion", "must not be empty"))
        elif version.count("/") > 1 or version.endswith("/"):
            causes.append(invalid(f"{path}.apiVersion", version, "must be <group>/<version> or <version>"))
        for name in ("kind", "name", "uid"):
            if not owner.get(name):
                causes.append(required(f"{path}.{name}", "must not be empty"))
        if version == "v1" and owner.get("kind") == "Event":
            causes.append(invalid(path, owner, "/v1, Kind=Event is disallowed from being an owner"))
        if owner.get("controller"):
            this = f"{owner.get('kind')}/{owner.get('name')}"
            if controller:
                detail = f'Only one reference can have Controller set to true. Found "true" in references for {controller} and {this}'
                shown = msgspec.json.encode([{key: each[key] for key in _OWNER_KEYS if key in each} for each in owners])
                message = f"Invalid value: {shown.decode()}: {detail}"
                causes.append(StatusCause("metadata.ownerReferences", "FieldValueInvalid", message))
            controller = controller or this
    return causes


def _finalizer_causes(finalizers: list[str]) -> list[AnyCause]:
    causes: list[AnyCause] = [
        invalid("metadata.finalizers", finalizer, problem)
        for finalizer in finalizers
        for problem in qualified_name_problems(finalizer)
    ]
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        detail = "finalizer orphan and foregroundDeletion cannot be both set"
        causes.append(invalid("metadata.finalizers", finalizers, detail))
    return causes


def check(meta: Json, *, namespaced: bool, names: str, typed: bool = False) -> list[AnyCause]:
    """Everything wrong with the metadata of an object (upstream ValidateObjectMeta)."""
    causes: list[AnyCause] = []
    if generate := meta.get("generateName", ""):
        causes += [invalid("metadata.generateName", generate, p) for p in name_problems(names, generate, prefix=True)]
    name = meta.get("name", "")
    if not name:
        causes.append(required("metadata.name", "name or generateName is required"))
    else:
        causes += [invalid("metadata.name", name, problem) for problem in name_problems(names, name)]
    namespace = meta.get("namespace", "")
    if namespaced:
        if not namespace:
            causes.append(required("metadata.namespace"))
        else:
            causes += [invalid("metadata.namespace", namespace, p) for p in name_problems("label", namespace)]
    elif namespace:
        causes.append(forbidden("metadata.namespace", "not allowed on this type"))
    generation = meta.get("generation", 0)
    if generation < 0:
        causes.append(invalid("metadata.generation", generation, "must be greater than or equal to 0"))
    causes += _label_causes(meta.get("labels") or {})
    causes += _annotation_causes(meta.get("annotations") or {})
    causes += _owner_causes(meta.get("ownerReferences") or [])
    causes += _finalizer_causes(meta.get("finalizers") or [])
    if typed:
        causes += [
            invalid(
                f"metadata.finalizers[{index}]",
                name,
                "name is neither a standard finalizer name nor is it fully qualified",
            )
            for index, name in enumerate(meta.get("finalizers") or [])
            if "/" not in name and name not in STANDARD_FINALIZERS
        ]
    return causes


def check_update(meta: Json, old: Json) -> list[AnyCause]:
    """Everything an update may not do to metadata (upstream ValidateObjectMetaUpdate)."""
    causes: list[AnyCause] = []
    if "deletionTimestamp" in old:
        extra = sorted(set(meta.get("finalizers") or []) - set(old.get("finalizers") or []))
        if extra:
            listed = "[]string{" + ", ".join(statuses.quote(finalizer) for finalizer in extra) + "}"
            detail = f"no new finalizers can be added if the object is being deleted, found new finalizers {listed}"
            causes.append(forbidden("metadata.finalizers", detail))
    if not meta.get("resourceVersion"):
        causes.append(invalid("metadata.resourceVersion", "", "must be specified for an update"))
    for name in ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"):
        if meta.get(name) != old.get(name):
            shown = meta.get(name, "" if name in ("name", "namespace", "uid") else None)
            causes.append(invalid(f"metadata.{name}", shown, IMMUTABLE))
    causes += _label_causes(meta.get("labels") or {})
    causes += _annotation_causes(meta.get("annotations") or {})
    causes += _owner_causes(meta.get("ownerReferences") or [])
    return causes
