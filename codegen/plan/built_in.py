"""From the built-in API to a plan: `kubewright/api`, in the same shape as what is generated from CRDs.

Here nothing is shared or named by us: every definition has a name and a group-version.  What is decided is which of them
are wanted (those that a kind reaches), which are written by hand (the meta/v1 types of `kubewright.objects`), and which
are plain values on the wire.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from codegen.ir import META_V1, Any_, Array, Embedded, Enum, IntOrString, Map, Node, Object, Ref, Scalar, children
from codegen.openapi.model import ApiResource, BuiltInApi, Definition
from codegen.plan import documentation, naming, reserved
from codegen.plan.model import (
    ClassPlan,
    FieldPlan,
    Foreign,
    GroupVersionPlan,
    KindPlan,
    ListOf,
    MapOf,
    Own,
    PackagePlan,
    Plain,
    Plan,
    ResourcePlan,
    TypePlan,
)
from codegen.plan.sharing import ANY, scalar_type
from codegen.plan.verbs import client_bases

PACKAGE: Final = "kubewright.api"
_META_MODULE: Final = "meta_v1"
# The meta/v1 classes of kubewright.objects: the runtime itself needs them, and so does every kind.
SHARED: Final = frozenset(
    {
        "Condition", "DeleteOptions", "LabelSelector", "LabelSelectorRequirement", "ListMeta", "ManagedFieldsEntry",
        "ObjectMeta", "OwnerReference", "Preconditions", "Status", "StatusCause", "StatusDetails",
    }
)  # fmt: skip
# Definitions whose Go type writes itself: on the wire they are plain values.
_VALUES: Final[Mapping[str, TypePlan]] = {
    "Time": Plain("str"),
    "MicroTime": Plain("str"),
    "Quantity": Plain("int | float | str"),
    "IntOrString": Plain("int | str"),
    "FieldsV1": MapOf(ANY),
    "RawExtension": MapOf(ANY),
    "Patch": MapOf(ANY),
}
_SENSITIVE: Final = frozenset({"io.k8s.api.core.v1.Secret"})
_OBVIOUS: Final = frozenset({"apiVersion", "kind", "metadata"})


def build(api: BuiltInApi) -> Plan:
    """Plans ``kubewright/api``: every group-version of ``api`` with all its kinds."""
    wanted = _reachable(api)
    by_module: dict[str, list[Definition]] = {}
    for definition in wanted:
        by_module.setdefault(module_of(definition), []).append(definition)
    resources: dict[str, list[ApiResource]] = {}
    for resource in api.resources:
        resources.setdefault(module_of(api.definitions[resource.definition]), []).append(resource)
    modules = sorted(by_module.keys() | resources.keys())
    return Plan(
        PackagePlan(
            tuple(_group_version(m, by_module.get(m, []), resources.get(m, []), api) for m in modules),
            tuple(sorted(api.files.values())),
            built_in=True,
        )
    )


def module_of(definition: Definition) -> str:
    """The module of a definition's class: ``core_v1``."""
    return naming.module_name(*definition.home)


def _reachable(api: BuiltInApi) -> list[Definition]:
    """Definitions that a kind or the body of a subresource reaches, as classes, sorted by name."""
    found: set[str] = set()
    pending = [resource.definition for resource in api.resources]
    bodies = {
        (sub.group or r.group, sub.version or r.version, sub.kind) for r in api.resources for sub in r.subresources
    }
    for name, definition in api.definitions.items():
        label, version = definition.home
        if any(
            kind == definition.class_name and v == version and label in (group.split(".")[0] or "core",)
            for group, v, kind in bodies
        ):
            pending.append(name)
    while pending:
        name = pending.pop()
        reached = api.definitions.get(name)
        if name in found or reached is None or not isinstance(reached.node, Object):
            continue
        found.add(name)
        pending.extend(ref.name for ref in _refs(reached.node))
    return [api.definitions[name] for name in sorted(found)]


def _refs(node: Node) -> Iterator[Ref]:
    if isinstance(node, Ref):
        yield node
    for child in children(node):
        yield from _refs(child)


class _Types:
    """Types as they are said in one module."""

    def __init__(self, module: str, definitions: Mapping[str, Definition], *, shared_elsewhere: bool) -> None:
        self._module = module
        self._definitions = definitions
        self._shared_elsewhere = shared_elsewhere

    def of(self, node: Node) -> TypePlan:
        match node:
            case Ref():
                return self._named(node.name)
            case Array():
                return ListOf(self.of(node.items))
            case Map():
                return MapOf(self.of(node.value))
            case Scalar():
                return scalar_type(node.type)
            case Enum():
                # The API grows values with every release and has no discriminators: plain strings, said in the docstring.
                return scalar_type(node.type)
            case IntOrString():
                return Plain("int | str")
            case Embedded() | Object():
                return MapOf(ANY)
            case Any_():
                return ANY

    def _named(self, name: str) -> TypePlan:
        definition = self._definitions.get(name)
        class_name = name.rpartition(".")[2]
        if class_name in _VALUES:
            return _VALUES[class_name]
        if definition is None or not isinstance(definition.node, Object):
            return self.of(definition.node) if definition is not None else ANY
        module = module_of(definition)
        if name.startswith(META_V1) and class_name in SHARED and self._shared_elsewhere:
            return Foreign("kubewright.objects", class_name, f"{PACKAGE}.applyconfigurations.{_META_MODULE}")
        if module == self._module:
            return Own(class_name)
        return Foreign(f"{PACKAGE}.models.{module}", class_name, f"{PACKAGE}.applyconfigurations.{module}")


def _group_version(
    module: str, definitions: Iterable[Definition], resources: Iterable[ApiResource], api: BuiltInApi
) -> GroupVersionPlan:
    served = sorted(resources, key=lambda resource: resource.plural)
    by_definition = {resource.definition: resource for resource in served}
    label, _, version = module.rpartition("_")
    group = served[0].group if served else f"{label} (types only)"
    types = _Types(module, api.definitions, shared_elsewhere=True)
    ordered = sorted(definitions, key=lambda d: (d.name not in by_definition, d.class_name))
    classes = tuple(
        _class(d, types, by_definition.get(d.name))
        for d in ordered
        if module != _META_MODULE or d.class_name not in SHARED
    )
    apply_classes: tuple[ClassPlan, ...] = ()
    if module == _META_MODULE:
        own = _Types(module, api.definitions, shared_elsewhere=False)
        apply_classes = tuple(_class(d, own, None) for d in ordered)
    file = api.files.get((group, version))
    return GroupVersionPlan(
        module,
        naming.pascal_case(module),
        group,
        version,
        tuple(_kind(resource, api) for resource in served),
        classes,
        (file,) if file else tuple(sorted(api.files.values())),
        apply_classes,
    )


def _class(definition: Definition, types: _Types, resource: ApiResource | None) -> ClassPlan:
    assert isinstance(definition.node, Object)
    attributes = naming.attribute_names((p.name for p in definition.node.properties), reserved.ATTRIBUTES)
    constants = (
        {"apiVersion": "/".join(filter(None, (resource.group, resource.version))), "kind": resource.kind}
        if resource
        else {}
    )
    fields = tuple(
        FieldPlan(
            attributes[p.name],
            p.name,
            types.of(p.node),
            required=p.required or (resource is not None and p.name == "metadata"),
            constant=constants.get(p.name),
            doc="" if p.name in _OBVIOUS and resource else documentation.field_docstring(p.node),
        )
        for p in definition.node.properties
    )
    return ClassPlan(
        definition.class_name,
        fields,
        root=resource is not None,
        sensitive=definition.name in _SENSITIVE,
        doc=documentation.docstring(definition.node.doc),
        path=definition.name,
    )


def _kind(resource: ApiResource, api: BuiltInApi) -> KindPlan:
    subresources = sorted(sub.name for sub in resource.subresources)
    bases = client_bases(resource.verbs, subresources, namespaced=resource.namespaced)
    watched = {"list", "watch"} <= set(resource.verbs)
    return KindPlan(
        resource=ResourcePlan(
            resource.group,
            resource.version,
            resource.kind,
            resource.plural,
            resource.namespaced,
            resource.singular,
            f"{resource.kind}List" if "list" in resource.verbs else "",
            resource.short_names,
            resource.categories,
            resource.verbs,
            tuple(subresources),
        ),
        attribute=naming.plural_attribute(resource.plural, reserved.GROUP_ATTRIBUTES),
        model=resource.kind,
        client_class=naming.plural_class(resource.kind),
        scope_class=f"{resource.kind}Scope" if resource.namespaced else "",
        lister_class=f"{resource.kind}Lister" if watched else "",
        client_bases=bases.client,
        scope_bases=bases.scope,
        lister_base="NamespacedLister" if resource.namespaced else "ClusterLister",
        summary=documentation.summary(api.definitions[resource.definition].node.doc.description),
    )
