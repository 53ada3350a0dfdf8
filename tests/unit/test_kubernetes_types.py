"""Kubernetes' own types are recognised inside CRDs, and nothing else is taken for one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from codegen.ir import Any_, Array, IntOrString, Map, Node, Object, Property, Scalar
from codegen.openapi.reader import read
from codegen.plan.kubernetes import DISTINCTIVE, TABLE, known_types, write_table

STRING = Scalar("string")
INTEGER = Scalar("integer")


def obj(required: tuple[str, ...] = (), **properties: Node) -> Object:
    return Object(tuple(Property(name, properties[name], name in required) for name in sorted(properties)))


def recognised(node: Object, segment: str = "something") -> str:
    found = known_types().match(node, segment)
    return found.class_name if found else ""


REQUIREMENT = obj(("key", "operator"), key=STRING, operator=STRING, values=Array(STRING))
SELECTOR = obj(matchExpressions=Array(REQUIREMENT), matchLabels=Map(STRING))
CONDITION = obj(
    ("lastTransitionTime", "message", "reason", "status", "type"),
    lastTransitionTime=STRING,
    message=STRING,
    reason=STRING,
    status=STRING,
    type=STRING,
    observedGeneration=INTEGER,
)
KEY_SELECTOR = obj(("key",), key=STRING, name=STRING, optional=Scalar("boolean"))


def test_condition_is_the_shared_one() -> None:
    found = known_types().match(CONDITION, "conditions[]")
    assert found is not None
    assert (found.foreign.module, found.foreign.name) == ("kubewright.objects", "Condition")


def test_label_selector_is_recognised_with_what_is_inside() -> None:
    assert recognised(SELECTOR) == "LabelSelector"


def test_selector_with_another_inside_is_no_label_selector() -> None:
    odd = obj(matchExpressions=Array(obj(key=INTEGER, operator=STRING)), matchLabels=Map(STRING))
    assert recognised(odd) == ""


def test_property_name_decides_between_types_of_one_shape() -> None:
    assert recognised(KEY_SELECTOR, "passwordSecretRef") == "SecretKeySelector"
    assert recognised(KEY_SELECTOR, "configMapKeyRef") == "ConfigMapKeySelector"


def test_older_version_of_a_type_is_recognised() -> None:
    quantities = Map(IntOrString())
    assert recognised(obj(limits=quantities, requests=quantities)) == "ResourceRequirements"


@pytest.mark.parametrize(
    "node",
    [
        obj(name=STRING),
        obj(name=STRING, value=STRING),
        obj(("name",), name=STRING, namespace=STRING),
        obj(key=STRING, operator=STRING),
        obj(key=STRING, name=STRING),
    ],
    ids=["name", "name-value", "name-namespace", "key-operator", "key-name"],
)
def test_small_shapes_are_false_friends(node: Object) -> None:
    assert recognised(node) == ""


def test_small_type_is_recognised_under_its_own_name() -> None:
    assert recognised(obj(name=STRING), "imagePullSecrets[]") == "LocalObjectReference"


def test_one_field_more_is_another_type() -> None:
    more = Object((*CONDITION.properties, Property("severity", STRING)))
    assert recognised(more) == ""


def test_open_object_is_never_taken_for_a_closed_type() -> None:
    assert recognised(replace(CONDITION, open=True)) == ""


def test_nullable_field_keeps_its_class_so_that_null_survives() -> None:
    nullable = Object(
        tuple(
            replace(p, node=Scalar("string", nullable=True)) if p.name == "reason" else p for p in CONDITION.properties
        )
    )
    assert recognised(nullable) == ""


def test_template_metadata_may_be_cut_short() -> None:
    container = obj(("name",), name=STRING, image=STRING, args=Array(STRING), command=Array(STRING))
    template = obj(metadata=Map(Any_()), spec=obj(("containers",), containers=Array(container)))
    assert recognised(template) == "PodTemplateSpec"


def test_table_is_what_the_documents_of_the_api_say() -> None:
    api = read(Path(__file__).parents[2] / "schemas" / "kubernetes")
    assert set(DISTINCTIVE) <= set(api.definitions)
    assert TABLE.read_text(encoding="utf-8") == write_table(api), "run: make generate-api"
