"""Write the embedded server's table of protobuf fields from the Go types of Kubernetes' API.

Go's typed clients send built-in kinds in protobuf, whose messages say numbers instead of names. Which number is which
field stands in the struct tags of ``k8s.io/api`` and ``k8s.io/apimachinery`` (``json:"replicas" protobuf:"varint,1,opt"``).
This script collects the messages that the served kinds are made of. Run it after a new Kubernetes release, with the
folder that holds the module sources (``go env GOMODCACHE``) and their version:

    python envtest/protobuf_fields.py "$(go env GOMODCACHE)" v0.37.2 kubewright/testing/server/data/protobuf_fields.json

A row is ``[number, JSON name, kind]``. Kinds: ``string``, ``bytes``, ``int``, ``bool``, ``float``, a message's name, or one
of the types that encode themselves (``Time``, ``Quantity`` …); a ``*`` in front means repeated, ``{`` a map with string
keys, ``?`` a pointer and ``!`` a field that is always written (their zero values count), ``<`` a message whose fields
belong to the message around it.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

KINDS = Path(__file__).parents[1] / "kubewright" / "testing" / "server" / "data" / "builtin_kinds.json"
META = "meta/v1"
SPECIAL = {
    "metav1.Time": "Time",
    "metav1.MicroTime": "MicroTime",
    "metav1.Duration": "Duration",
    "metav1.FieldsV1": "JSON",
    "resource.Quantity": "Quantity",
    "intstr.IntOrString": "IntOrString",
    "runtime.RawExtension": "JSON",
    "JSON": "JSON",
    "JSONSchemaPropsOrArray": "SchemaOrArray",
    "JSONSchemaPropsOrBool": "SchemaOrBool",
    "JSONSchemaPropsOrStringArray": "SchemaOrStrings",
}
NOT_STORED = (
    ("autoscaling/v1", "Scale"),
    ("policy/v1", "Eviction"),
    ("v1", "Binding"),
    ("authentication.k8s.io/v1", "TokenRequest"),
    ("authentication.k8s.io/v1", "TokenReview"),
    ("authentication.k8s.io/v1", "SelfSubjectReview"),
    ("authorization.k8s.io/v1", "LocalSubjectAccessReview"),
    ("authorization.k8s.io/v1", "SelfSubjectAccessReview"),
    ("authorization.k8s.io/v1", "SelfSubjectRulesReview"),
    ("authorization.k8s.io/v1", "SubjectAccessReview"),
)
"""Kinds that are sent but never stored."""
BASIC = {
    "string": "string",
    "bool": "bool",
    "[]byte": "bytes",
    "float64": "float",
    **dict.fromkeys(("int", "int32", "int64", "uint32", "uint64"), "int"),
}
STRUCT = re.compile(r"^type (\w+) struct ?\{(?:\n(.*?)^)?\}", re.MULTILINE | re.DOTALL)
ALIAS = re.compile(r"^type (\w+) (?!struct)([\w.\[\]*]+)$", re.MULTILINE)
FIELD = re.compile(r"^\t(?:(\w+)\s+)?([\w.\[\]*]+)\s+`(.*?)`", re.MULTILINE)
IMPORT = re.compile(r'^\t(?:(\w+) )?"(k8s\.io/[^"]+)"', re.MULTILINE)


@dataclass
class Package:
    """The types of one Go package."""

    path: str
    structs: dict[str, str] = field(default_factory=dict[str, str])
    aliases: dict[str, str] = field(default_factory=dict[str, str])
    imports: dict[str, str] = field(default_factory=dict[str, str])


def short(path: str) -> str:
    """``k8s.io/api/core/v1`` -> ``core/v1``."""
    return "/".join(path.rsplit("/", 2)[-2:])


class Collector:
    """Walks from the served kinds to every message they contain."""

    def __init__(self, modules: Path, version: str) -> None:
        self.modules = modules
        self.version = version
        self.packages: dict[str, Package] = {}
        self.messages: dict[str, list[list[int | str]]] = {}

    def package(self, path: str) -> Package:
        """Read a package's types, once."""
        if path not in self.packages:
            module, _, below = path.removeprefix("k8s.io/").partition("/")
            folder = self.modules / "k8s.io" / f"{module}@{self.version}" / below
            found = self.packages[path] = Package(path)
            for file in sorted(folder.glob("*.go")):
                if file.name.startswith(("zz_", "generated")) or file.name.endswith("_test.go"):
                    continue
                text = file.read_text(encoding="utf-8")
                found.structs.update(STRUCT.findall(text))
                found.aliases.update(ALIAS.findall(text))
                found.imports.update(
                    {name or target.rpartition("/")[2]: target for name, target in IMPORT.findall(text)}
                )
        return self.packages[path]

    def message(self, path: str, name: str) -> str:
        """Collect a message and what it contains; returns its key."""
        key = f"{short(path)}.{name}"
        if key in self.messages:
            return key
        rows = self.messages[key] = []
        package = self.package(path)
        for given, go_type, tags in FIELD.findall(package.structs[name]):
            found = re.search(r'protobuf:"\w+,(\d+),', tags)
            if found is None:
                continue
            in_json = re.search(r'json:"([^",]*)', tags)
            json_name = in_json[1] if in_json is not None else given
            inline = not given and not json_name
            kind = self.kind(package, go_type)
            if inline:
                kind = f"<{kind}"
            elif kind in BASIC.values() and "omitempty" not in tags and "omitzero" not in tags:
                kind = f"!{kind}"
            rows.append([int(found[1]), json_name, kind])
        return key

    def kind(self, package: Package, go_type: str) -> str:
        """The kind of a Go type, as the table says it."""
        if go_type.startswith("*"):
            return "?" + self.kind(package, go_type[1:])
        if go_type in BASIC:
            return BASIC[go_type]
        if go_type.startswith("[]"):
            return "*" + self.kind(package, go_type[2:])
        if go_type.startswith("map["):
            return "{" + self.kind(package, go_type.partition("]")[2])
        prefix, _, name = go_type.rpartition(".")
        target = self.package(package.imports[prefix]) if prefix and prefix in package.imports else package
        known = f"{'metav1.' if target.path.endswith(META) else prefix + '.' if prefix else ''}{name}"
        if known in SPECIAL:
            return SPECIAL[known]
        if name in target.structs:
            return self.message(target.path, name)
        below = target.aliases[name]
        kind = self.kind(target, below)
        # a named slice is a message of its own in protobuf, a named map is not
        return f"Items:{kind[1:]}" if kind.startswith("*") else kind


Row = list[int | str]


def collect(modules: Path, version: str) -> tuple[dict[str, str], dict[str, list[Row]]]:
    """The table: messages, and which message a kind is."""
    collector = Collector(modules, version)
    kinds: dict[str, str] = {}
    paths = {"apiextensions.k8s.io": "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"}
    for group_version, entries in json.loads(KINDS.read_text(encoding="utf-8"))["groups"].items():
        group, _, group_api_version = group_version.rpartition("/")
        if group == "apiregistration.k8s.io":
            continue
        default = f"k8s.io/api/{group.split('.')[0] or 'core'}/{group_api_version}"
        # the folder is the group's first label, with a few exceptions
        default = default.replace("/flowcontrol.apiserver/", "/flowcontrol/")
        for kind in sorted({entry["kind"] for entry in entries if "/" not in entry["name"]}):
            kinds[f"{group_version}/{kind}"] = collector.message(paths.get(group, default), kind)
    for group_version, kind in NOT_STORED:
        group, _, group_api_version = group_version.rpartition("/")
        folder = f"k8s.io/api/{group.split('.')[0] or 'core'}/{group_api_version}"
        kinds[f"{group_version}/{kind}"] = collector.message(folder, kind)
    collector.message("k8s.io/apimachinery/pkg/apis/meta/v1", "DeleteOptions")
    return kinds, dict(sorted(collector.messages.items()))


def main(modules: str, version: str, target: str) -> None:
    """Read, collect, write: one line a message."""
    kinds, messages = collect(Path(modules), version)
    lines = [f"{json.dumps(name)}: {json.dumps(rows, separators=(',', ':'))}" for name, rows in messages.items()]
    body = ",\n".join(lines)
    Path(target).write_text(
        f'{{\n"kinds": {json.dumps(kinds, indent=0, sort_keys=True)},\n"messages": {{\n{body}\n}}\n}}\n',
        encoding="utf-8",
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
