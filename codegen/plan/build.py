"""From CRDs to a plan: the one place where the output's shape is decided.

Independent of input order by construction: everything is sorted before a decision depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from codegen.config import Config
from codegen.crd.model import Crd, CrdVersion
from codegen.errors import CodegenError
from codegen.ir import META_V1, OBJECT_META, Any_, Object
from codegen.plan import documentation, kubernetes, naming, reserved
from codegen.plan.model import (
    ClassPlan,
    FieldPlan,
    Foreign,
    GroupVersionPlan,
    KindPlan,
    Lengthened,
    PackagePlan,
    Plain,
    Plan,
    ResourcePlan,
    TypePlan,
)
from codegen.plan.sharing import Path, Shape, ShapeTable, class_names, named, outline, place
from codegen.plan.verbs import ALL_VERBS, client_bases

META_APPLY = "kubewright.api.applyconfigurations.meta_v1"


def build(crds: Iterable[Crd], config: Config) -> Plan:
    """Plans one package.  Problems are returned in ``Plan.errors``; what they do not touch is planned."""
    ordered = sorted(crds, key=lambda crd: (crd.group, crd.kind, crd.plural))
    errors: list[CodegenError] = []
    labels = naming.group_labels((crd.group for crd in ordered), reserved.BUILT_IN_LABELS, config.group_names)
    by_version: dict[tuple[str, str], list[tuple[Crd, CrdVersion]]] = {}
    for crd in ordered:
        for version in crd.versions:
            by_version.setdefault((crd.group, version.name), []).append((crd, version))

    modules = _modules(by_version, labels, config, errors)
    planned = [
        _group_version(module, group, version, by_version[group, version], config, errors)
        for (group, version), module in sorted(modules.items(), key=lambda item: item[1])
    ]
    files = sorted({file for crd in ordered for file in _files(crd)})
    return Plan(
        PackagePlan(tuple(planned), tuple(files)),
        tuple(errors),
        _lengthened(modules),
    )


def _files(crd: Crd) -> tuple[str, ...]:
    return crd.files or (crd.source.file,)


def _modules(
    by_version: Mapping[tuple[str, str], Sequence[tuple[Crd, CrdVersion]]],
    labels: Mapping[str, str],
    config: Config,
    errors: list[CodegenError],
) -> dict[tuple[str, str], str]:
    """Module name of every group-version; a name that two of them want is an error that names both."""
    owners: dict[str, tuple[str, str]] = {}
    modules: dict[tuple[str, str], str] = {}
    for group, version in sorted(by_version):
        pinned = config.group_names.get(f"{group}/{version}" if group else version)
        module = pinned or naming.module_name(labels[group], version)
        while module in reserved.CLIENTSET_ATTRIBUTES:
            module += "_"
        other = owners.setdefault(module, (group, version))
        if other != (group, version):
            problem = f"groups {other[0]!r} and {group!r} would both be called {module!r}"
        elif module.rpartition("_")[0] in reserved.BUILT_IN_LABELS:
            problem = f"group {group!r} would be called {module!r}, which is a name of the built-in API"
        else:
            modules[group, version] = module
            continue
        errors.append(
            CodegenError(
                problem,
                source=str(by_version[group, version][0][0].source),
                hint=f'name it in pyproject: [tool.kubewright.group-names] "{group}/{version}" = "name_{version}"',
            )
        )
    return modules


def _lengthened(modules: Mapping[tuple[str, str], str]) -> tuple[Lengthened, ...]:
    found: list[Lengthened] = []
    for (group, version), module in sorted(modules.items()):
        short = naming.module_name(group.split(".", 1)[0] or "core", version)
        if module != short and module == naming.module_name(group, version):
            found.append(Lengthened(group, short, module))
    return tuple(found)


def _group_version(
    module: str,
    group: str,
    version: str,
    members: Sequence[tuple[Crd, CrdVersion]],
    config: Config,
    errors: list[CodegenError],
) -> GroupVersionPlan:
    table, roots, names = share(members, config)
    _check_distinct(names, table, members, errors)
    api_version = f"{group}/{version}" if group else version
    deprecations = {crd.kind: crd_version.deprecation_warning for crd, crd_version in members if crd_version.deprecated}
    classes = sorted(
        (_class(shape, names, api_version, deprecations, config) for shape in table.shapes.values()),
        key=lambda planned: (not planned.root, planned.name),
    )
    kinds = _kinds([(crd, v, names[roots[crd.kind]]) for crd, v in members])
    files = sorted({file for crd, _ in members for file in _files(crd)})
    return GroupVersionPlan(module, naming.pascal_case(module), group, version, kinds, tuple(classes), tuple(files))


def share(
    members: Sequence[tuple[Crd, CrdVersion]], config: Config
) -> tuple[ShapeTable, Mapping[str, str], Mapping[str, str]]:
    """The shapes of one group-version, the shape id of each kind, and the class name of each shape id."""
    # A kind that is called like a Kubernetes type keeps its name; that type is then not imported here.
    importable = kubernetes.imported_names(naming.kind_class(crd.kind) for crd, _ in members)
    table = ShapeTable(_recogniser(config, importable), resolve_meta)
    roots = {crd.kind: table.add_root(crd.kind, version.schema) for crd, version in members}
    mapped = frozenset(re.split(r"[.:]", target)[-1] for target in config.type_map.values())
    below = reserved.CLASS_NAMES | importable | mapped
    names = class_names(table.shapes.values(), reserved.CLASS_NAMES, below, config.class_names)
    return table, roots, names


def _check_distinct(
    names: Mapping[str, str], table: ShapeTable, members: Sequence[tuple[Crd, CrdVersion]], errors: list[CodegenError]
) -> None:
    owners: dict[str, str] = {}
    imported = {each.name for each in table.foreign()}
    for shape_id, name in names.items():
        path = place(table.shapes[shape_id].path)
        if name in owners:
            problem = f"two classes would be called {name!r}: {owners[name]} and {path}"
        elif name in imported or name in reserved.CLASS_NAMES:
            problem = f"{path} cannot be called {name!r}: its module uses that name for something else"
        else:
            owners[name] = path
            continue
        errors.append(
            CodegenError(
                problem,
                source=str(members[0][0].source),
                hint="choose another name in [tool.kubewright.class-names]",
            )
        )


def resolve_meta(name: str) -> TypePlan:
    """The class of a named definition of meta/v1; a CRD's schema knows no others."""
    if name == OBJECT_META:
        return Foreign("kubewright.objects", "ObjectMeta", META_APPLY)
    if name.startswith(META_V1):
        return Foreign("kubewright.objects", name.removeprefix(META_V1), META_APPLY)
    raise CodegenError(f"no definition is called {name!r}", hint="a CRD can refer to meta/v1 types only")


def _recogniser(config: Config, importable: frozenset[str]) -> Callable[[Object, Path], Foreign | None]:
    known = kubernetes.known_types()

    def recognise(node: Object, path: Path) -> Foreign | None:
        mapped = config.type_map.get(place(path)) or config.type_map.get(outline(node))
        if mapped is not None:
            module, _, name = mapped.replace(":", ".").rpartition(".")
            return Foreign(module, name)
        found = known.match(node, path[-1])
        return found.foreign if found is not None and found.class_name in importable else None

    return recognise


def _class(
    shape: Shape, names: Mapping[str, str], api_version: str, deprecations: Mapping[str, str], config: Config
) -> ClassPlan:
    # A key that msgspec cannot have as a field's name stays readable in `.extra`.
    shape_fields = [field for field in shape.fields if not _UNNAMEABLE.search(field.wire)]
    is_open = shape.open or len(shape_fields) < len(shape.fields)
    own = reserved.ATTRIBUTES | reserved.OPEN_ATTRIBUTES if is_open else reserved.ATTRIBUTES
    constants = {"apiVersion": api_version, "kind": shape.path[0]} if shape.root else {}
    head = _HEAD if shape.root else {}
    attributes = naming.attribute_names((f.wire for f in shape_fields if f.wire not in head), own | set(head.values()))
    attributes.update(head)
    fields: list[FieldPlan] = []
    for shape_field in shape_fields:
        prop = shape.node.get(shape_field.wire)
        node = prop.node if prop is not None else Any_()
        constant = constants.get(shape_field.wire)
        fields.append(
            FieldPlan(
                attributes[shape_field.wire],
                shape_field.wire,
                Plain("str") if constant is not None else named(shape_field.type, names),
                # An object without metadata has no name, so no API server takes it.
                required=shape_field.required or (shape.root and shape_field.wire == "metadata"),
                nullable=shape_field.nullable and constant is None,
                constant=constant,
                doc=(
                    ""
                    if shape.root and shape_field.wire in _HEAD
                    else documentation.field_docstring(node, length=config.docstring_length)
                ),
            )
        )
    deprecation = ""
    if shape.root and shape.path[0] in deprecations:
        deprecation = deprecations[shape.path[0]] or f"{api_version} {shape.path[0]} is deprecated"
    return ClassPlan(
        names[shape.id],
        tuple(fields),
        open=is_open,
        root=shape.root,
        doc=documentation.docstring(shape.node.doc, length=config.docstring_length, deprecation=deprecation),
        path=place(shape.path),
    )


_UNNAMEABLE = re.compile(r'[\\"\x00-\x1f]')
# What every kind has, whatever else its root is called; described once, in `kubewright.objects`.
_HEAD = {"apiVersion": "api_version", "kind": "kind", "metadata": "metadata"}


def _kinds(members: Sequence[tuple[Crd, CrdVersion, str]]) -> tuple[KindPlan, ...]:
    # The client of all Foos must not be called like another kind, or like the client of another kind (Bus, Buse).
    clients = {model for _, _, model in members}
    taken: set[str] = set()
    kinds: list[KindPlan] = []
    for crd, version, model in members:
        attribute = naming.plural_attribute(crd.plural, reserved.GROUP_ATTRIBUTES | frozenset(taken))
        taken.add(attribute)
        client_class = naming.plural_class(model)
        if client_class in clients:
            client_class = f"All{model}"
        clients.add(client_class)
        resource = _resource(crd, version)
        bases = client_bases(ALL_VERBS, resource.subresources, namespaced=crd.namespaced)
        kinds.append(
            KindPlan(
                resource=resource,
                attribute=attribute,
                model=model,
                client_class=client_class,
                scope_class=f"{model}Scope" if crd.namespaced else "",
                lister_class=f"{model}Lister",
                client_bases=bases.client,
                scope_bases=bases.scope,
                lister_base="NamespacedLister" if crd.namespaced else "ClusterLister",
                summary=documentation.summary(version.schema.doc.description),
                deprecation=documentation.clean(version.deprecation_warning) if version.deprecated else "",
            )
        )
    return tuple(sorted(kinds, key=lambda kind: kind.attribute))


def _resource(crd: Crd, version: CrdVersion) -> ResourcePlan:
    subresources = (("scale", version.scale is not None), ("status", version.has_status))
    return ResourcePlan(
        crd.group,
        version.name,
        crd.kind,
        crd.plural,
        crd.namespaced,
        crd.singular,
        crd.list_kind,
        crd.short_names,
        crd.categories,
        (),  # a CRD has them all
        tuple(name for name, has in subresources if has),
        version.printer_columns,
        version.selectable_fields,
    )
