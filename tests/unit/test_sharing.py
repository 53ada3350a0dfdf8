"""One class per shape, called by the shortest path: the promises that make generated names stable."""

from __future__ import annotations

from codegen.ir import Array, Doc, Map, Node, Object, Property, Scalar
from codegen.plan.model import ListOf, Nullable, Own, Plain
from codegen.plan.sharing import ShapeTable, class_names, place

STRING = Scalar("string")


def obj(**properties: Node) -> Object:
    return Object(tuple(Property(name, properties[name]) for name in sorted(properties)))


def wide(**more: Node) -> Object:
    """Enough fields to be shared anywhere."""
    return obj(a=STRING, b=STRING, c=STRING, **more)


def names_of(*roots: tuple[str, Object], pinned: dict[str, str] | None = None) -> dict[str, str]:
    """Place -> class name, for every occurrence."""
    table = ShapeTable(lambda node, path: None, lambda name: Plain("Any"))
    for kind, node in roots:
        table.add_root(kind, node)
    names = class_names(table.shapes.values(), frozenset(), frozenset(), pinned or {})
    return {place(path): names[shape.id] for shape in table.shapes.values() for path in shape.paths}


def test_equal_shapes_are_one_class_whatever_their_documentation_says() -> None:
    documented = Object(wide().properties, doc=Doc("another text"))
    names = names_of(("Kind", obj(first=wide(), second=documented)))
    assert names["Kind:/first"] == names["Kind:/second"] == "First"


def test_small_shapes_are_only_shared_under_one_name() -> None:
    names = names_of(
        ("Kind", obj(x=obj(ref=obj(name=STRING)), y=obj(secret=obj(name=STRING)), z=obj(ref=obj(name=STRING))))
    )
    assert names["Kind:/x/ref"] == names["Kind:/z/ref"] == "Ref"
    assert names["Kind:/y/secret"] == "Secret"


def test_small_siblings_of_one_shape_are_one_class() -> None:
    entry = obj(holder=STRING, mutex=STRING)
    names = names_of(("Kind", obj(status=obj(holding=Array(entry), waiting=Array(entry)))))
    assert names["Kind:/status/holding/*"] == names["Kind:/status/waiting/*"] == "Holding"


def test_references_to_secrets_are_one_class_whatever_they_are_for() -> None:
    reference = obj(key=STRING, name=STRING)
    names = names_of(
        ("Kind", obj(x=obj(tokenSecretRef=reference), y=obj(passwordSecretRef=reference), z=obj(other=reference)))
    )
    assert names["Kind:/x/tokenSecretRef"] == names["Kind:/y/passwordSecretRef"] == "SecretRef"
    assert names["Kind:/z/other"] == "Other"


def test_class_is_called_by_the_shortest_free_suffix_of_its_path() -> None:
    names = names_of(
        ("Kind", obj(spec=obj(template=wide(), job=obj(template=wide(d=STRING), other=STRING, more=STRING)))),
    )
    assert names["Kind:/spec"] == "KindSpec"
    assert names["Kind:/spec/template"] == "Template"
    assert names["Kind:/spec/job/template"] == "JobTemplate"


def test_what_is_added_deeper_renames_nothing() -> None:
    before = obj(spec=obj(template=wide(), x=obj(y=wide(e=STRING), z=STRING, q=STRING)))
    after = obj(spec=obj(template=wide(), x=obj(y=wide(e=STRING, template=wide(f=STRING)), z=STRING, q=STRING)))
    old, new = names_of(("Kind", before)), names_of(("Kind", after))
    assert {path: new[path] for path in old} == old


def test_items_of_lists_and_values_of_maps_are_called_in_the_singular() -> None:
    names = names_of(("Kind", obj(containers=Array(wide()), policies=Map(wide(d=STRING)))))
    assert names["Kind:/containers/*"] == "Container"
    assert names["Kind:/policies/*"] == "Policy"


def test_two_kinds_share_their_shapes_but_not_their_spec() -> None:
    spec = obj(acme=wide(), vault=wide(d=STRING), other=STRING)
    names = names_of(("Issuer", obj(spec=spec)), ("ClusterIssuer", obj(spec=spec)))
    assert (names["Issuer:/"], names["Issuer:/spec"]) == ("Issuer", "IssuerSpec")
    assert (names["ClusterIssuer:/"], names["ClusterIssuer:/spec"]) == ("ClusterIssuer", "ClusterIssuerSpec")
    assert names["Issuer:/spec/acme"] == names["ClusterIssuer:/spec/acme"] == "Acme"


def test_order_of_kinds_does_not_matter() -> None:
    one, two = ("A", obj(spec=obj(t=wide(), u=wide(x=STRING)))), ("B", obj(spec=obj(t=wide(y=STRING))))
    assert names_of(one, two) == names_of(two, one)


def test_a_pinned_place_has_the_name_it_was_given() -> None:
    names = names_of(
        ("Kind", obj(spec=obj(first=wide(), second=wide(d=STRING)))), pinned={"Kind:/spec/first": "Chosen"}
    )
    assert names["Kind:/spec/first"] == "Chosen"
    assert names["Kind:/spec/second"] == "Second"


def test_a_pinned_name_is_replaced_wherever_it_stands() -> None:
    names = names_of(("Kind", obj(spec=obj(first=wide()))), pinned={"First": "Chosen"})
    assert names["Kind:/spec/first"] == "Chosen"


def test_a_name_whose_whole_path_is_taken_gets_a_word_and_no_number() -> None:
    # Both would be KindSpecAB.
    names = names_of(("Kind", obj(spec=obj(aB=wide(), a=obj(b=wide(d=STRING), x=STRING, y=STRING)))))
    assert len(set(names.values())) == len(names)
    assert not any(c.isdigit() for name in names.values() for c in name)


def test_nullable_items_are_said_in_the_type() -> None:
    table = ShapeTable(lambda node, path: None, lambda name: Plain("Any"))
    root = table.add_root("Kind", obj(names=Array(Scalar("string", nullable=True)), more=Array(wide())))
    types = {field.wire: field.type for field in table.shapes[root].fields}
    assert types["names"] == ListOf(Nullable(Plain("str")))
    assert isinstance(types["more"], ListOf)
    assert isinstance(types["more"].item, Own)
