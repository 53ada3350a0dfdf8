"""One class per distinct shape: hash-consing of the objects of a group-version, and their names.

Without it a real CRD is mostly repetition (KServe's InferenceService: 3,005 objects, 145 shapes).  A shape is what an
object looks like, not what its documentation says.  Shapes of one or two fields are only shared under the same last path
segment, because ``{name}`` is many different things; except twins (siblings of one shape), the metadata of templates, references
(``tokenSecretRef``, ``passwordSecretRef``), and shapes that hold another class of this module, which are as distinctive as
that class.

The spec and status of a kind are always its own (``IssuerSpec`` beside an equal ``ClusterIssuerSpec``).  Any other class is
called by the shortest suffix of its shortest path that no class nearer to the root has.  So what is added deeper in a
schema never renames what was there, and nothing is ever numbered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from codegen.ir import Any_, Array, Embedded, Enum, IntOrString, Map, Node, Object, Ref, Scalar, ScalarType
from codegen.plan import naming
from codegen.plan.model import Choice, Foreign, ListOf, MapOf, Nullable, Own, Plain, TypePlan, mentioned

# A place in a schema: the kind, then wire names; `[]` marks items of a list, `{}` values of a map.
Path: TypeAlias = tuple[str, ...]
# Decides whether an object at a place is a class that exists elsewhere.
Recognise: TypeAlias = Callable[[Object, Path], Foreign | None]
Resolve: TypeAlias = Callable[[str], TypePlan]

ANY = Plain("Any")
_SCALARS: Mapping[ScalarType, TypePlan] = {
    "string": Plain("str"),
    "integer": Plain("int"),
    "number": Plain("int | float"),
    "boolean": Plain("bool"),
}
_MARKS = re.compile(r"(?:\[\]|\{\})")


def scalar_type(name: ScalarType) -> TypePlan:
    """The Python type of a JSON scalar; numbers keep the form they had on the wire (1 is not 1.0)."""
    return _SCALARS[name]


# Never a name on their own: every kind, and many an object inside, has one.
_WITH_PARENT = frozenset({"spec", "status"})
# Up to this many fields a shape says too little to be shared by itself ...
_SMALL = 2
# ... and what it refers to says the rest: `tokenSecretRef` and `passwordSecretRef` are both a SecretRef.
_REFERENCES = ("SecretKeyRef", "SecretRef", "ConfigMapKeyRef", "ConfigMapRef")
# ... unless it is the metadata of a template.
_METADATA = frozenset({"annotations", "labels"})


@dataclass(frozen=True, slots=True)
class ShapeField:
    wire: str
    type: TypePlan  # `Own` holds shape ids here, class names only after `named`
    required: bool
    nullable: bool


@dataclass(slots=True)
class Shape:
    """One future class: its fields and the first place (shortest path, then alphabet) that has it."""

    id: str
    fields: tuple[ShapeField, ...]
    open: bool
    path: Path
    node: Object
    root: bool = False
    label: str = ""  # what its name had to say for it to be shared
    paths: list[Path] = field(default_factory=list[Path])


def place(path: Path) -> str:
    """A path as a person writes it in the configuration: ``TsTest:/spec/containers/*/env``."""
    below = (_MARKS.sub("/*", segment.replace("~", "~0").replace("/", "~1")) for segment in path[1:])
    return f"{path[0]}:/{'/'.join(below)}"


def outline(node: Object) -> str:
    """An object's keys as a person writes them in the configuration: ``{host,port}``."""
    return f"{{{','.join(p.name for p in node.properties)}}}"


class ShapeTable:
    """Collects the shapes of one group-version; feed it every root, then ask for :attr:`shapes`."""

    def __init__(self, recognise: Recognise, resolve: Resolve) -> None:
        self._recognise = recognise
        self._resolve = resolve
        self._ids: dict[object, str] = {}
        # Small objects that look like a sibling: the segment under which both are known.
        self._labels: dict[Path, str] = {}
        self.shapes: dict[str, Shape] = {}

    def add_root(self, kind: str, node: Object) -> str:
        """Adds a kind with all below it and returns the id of its own shape, which is never shared."""
        return self._object(node, (kind,), root=True)

    def foreign(self) -> set[Foreign]:
        """The classes of other modules that the shapes mention."""
        types = (each for shape in self.shapes.values() for f in shape.fields for each in mentioned(f.type))
        return {each for each in types if isinstance(each, Foreign)}

    def _type(self, node: Node, path: Path) -> TypePlan:
        match node:
            case Scalar():
                return _SCALARS[node.type]
            case IntOrString():
                return Plain("int | str")
            case Enum():
                return _choice(node)
            case Array():
                return ListOf(self._inner(node.items, _mark(path, "[]")))
            case Map():
                return MapOf(self._inner(node.value, _mark(path, "{}")))
            case Object():
                return self._recognise(node, path) or Own(self._object(node, path))
            case Ref():
                return self._resolve(node.name)
            case Embedded():
                return MapOf(ANY)
            case Any_():
                return ANY

    def _inner(self, node: Node, path: Path) -> TypePlan:
        inner = self._type(node, path)
        return Nullable(inner) if node.nullable and inner != ANY else inner

    def _object(self, node: Object, path: Path, *, root: bool = False) -> str:
        self._label_twins(node, path)
        fields = tuple(
            ShapeField(p.name, self._type(p.node, (*path, p.name)), p.required, p.node.nullable)
            for p in node.properties
        )
        label = self._label(fields, path, root)
        key = (root, label, node.open, fields)
        known = self._ids.get(key)
        if known is None:
            known = self._ids[key] = f"#{len(self._ids)}"
            self.shapes[known] = Shape(known, fields, node.open, path, node, root, label, [path])
        else:
            shape = self.shapes[known]
            shape.paths.append(path)
            if _rank(path) < _rank(shape.path):
                shape.path, shape.node = path, node
        return known

    def _label(self, fields: tuple[ShapeField, ...], path: Path, root: bool) -> str:
        """What a shape must also have in common to be shared: nothing, or its name where it says too little itself."""
        if root:
            return path[0]
        if len(path) == 2 and path[1] in _WITH_PARENT:
            # Whoever knows a kind expects its spec and status under its own name (IssuerSpec, not ClusterIssuerSpec).
            return "/".join(path)
        if (
            len(fields) > _SMALL
            or frozenset(f.wire for f in fields) == _METADATA
            or any(isinstance(each, Own) for f in fields for each in mentioned(f.type))
        ):
            return ""
        return _reference(path) or self._labels.get(path) or segment_name(path[-1])

    def _label_twins(self, node: Object, path: Path) -> None:
        """Small siblings of one shape (``holding`` and ``waiting``) are one thing, whatever they are called."""
        twins: dict[Object, list[Path]] = {}
        for prop in node.properties:
            inner, below = _unwrap(prop.node, (*path, prop.name))
            if isinstance(inner, Object) and len(inner.properties) <= _SMALL:
                twins.setdefault(inner, []).append(below)
        for places in twins.values():
            if len(places) > 1:
                label = segment_name(min(places)[-1])
                self._labels.update((below, label) for below in places)


def _reference(path: Path) -> str:
    """Kubernetes' word for what a small object refers to, where its name says so."""
    name = segment_name(path[-1])
    return next((word for word in _REFERENCES if name.endswith(word)), "")


def _unwrap(node: Node, path: Path) -> tuple[Node, Path]:
    while isinstance(node, Array | Map):
        node, path = (node.items, _mark(path, "[]")) if isinstance(node, Array) else (node.value, _mark(path, "{}"))
    return node, path


def _choice(node: Enum) -> TypePlan:
    # Integers and booleans stay open: at run time a Literal of them would have to be enforced.
    if node.type != "string":
        return _SCALARS[node.type]
    values = tuple(v for v in node.values if isinstance(v, str))
    return Choice(values) if values else Plain("str")


def _mark(path: Path, mark: str) -> Path:
    return (*path[:-1], path[-1] + mark)


def _rank(path: Path) -> tuple[int, Path]:
    return len(path), path


def segment_name(segment: str) -> str:
    """The class-name part of one path segment; items and values are called in the singular."""
    wire = segment.rstrip("[]{}")
    return naming.pascal_case(naming.singular(wire) if wire != segment else wire)


def class_names(
    shapes: Iterable[Shape], reserved: frozenset[str], reserved_below: frozenset[str], pinned: Mapping[str, str]
) -> dict[str, str]:
    """Shape id -> class name.

    ``reserved`` are names that mean something else in the module, ``reserved_below`` those that only a kind may have;
    ``pinned`` maps places or chosen names to names.  Kinds come first; the rest in the order of their shortest paths,
    each with the shortest suffix still free.
    """
    ordered = sorted(shapes, key=lambda shape: (not shape.root, _rank(shape.path)))
    result: dict[str, str] = {}
    for shape in ordered:
        pin = next((pinned[place(path)] for path in sorted(shape.paths, key=_rank) if place(path) in pinned), None)
        if pin is not None:
            result[shape.id] = pin
    # Names that differ in case only would be hard to tell apart.
    taken = {name.casefold() for name in result.values()}

    def free(name: str, root: bool) -> bool:
        return name.casefold() not in taken and name not in (reserved if root else reserved_below)

    for shape in ordered:
        if shape.id in result:
            continue
        name = next(name for name in _candidates(shape) if free(name, shape.root))
        taken.add(name.casefold())
        result[shape.id] = pinned.get(name, name)
    return result


def _candidates(shape: Shape) -> Iterator[str]:
    """Names for a class, best first: ever longer suffixes of its path, then the whole path with a word behind it."""
    parts = [naming.kind_class(shape.path[0]), *(segment_name(segment) for segment in shape.path[1:])]
    if shape.label in _REFERENCES:
        yield shape.label
    start = len(parts) - (2 if shape.path[-1] in _WITH_PARENT and len(parts) > 1 else 1)
    for first in range(start, -1, -1):
        yield "".join(parts[first:])
    name = "".join(parts)
    while True:
        name += "Kind" if shape.root else "Object"
        yield name


def named(plan: TypePlan, names: Mapping[str, str]) -> TypePlan:
    """``plan`` with shape ids replaced by class names."""
    match plan:
        case Own():
            return Own(names[plan.name])
        case ListOf():
            return ListOf(named(plan.item, names))
        case MapOf():
            return MapOf(named(plan.value, names))
        case Nullable():
            return Nullable(named(plan.inner, names))
        case _:
            return plan
