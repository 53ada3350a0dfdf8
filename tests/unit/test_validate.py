"""``kubewright.validate``: what a server would say, without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import kubewright
from generated.models.stable_v1 import TsTest, TsTestSpec
from kubewright import ObjectMeta
from kubewright.testing import APIServer
from kubewright.testing.manifests import load_manifests

TSTEST = Path(__file__).parents[2] / "schemas" / "tstest.yaml"
CRD: dict[str, Any] = load_manifests(TSTEST)[0]


def document(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "stable.example.com/v1", "kind": "TsTest", "metadata": {"name": "a"}, "spec": spec}


def test_model_that_fits_has_no_causes() -> None:
    obj = TsTest(metadata=ObjectMeta(name="a"), spec=TsTestSpec(image="nginx", replicas=2))
    assert kubewright.validate(obj, CRD) == []


def test_causes_are_those_of_the_server() -> None:
    obj = document(image="nginx", replicas="two")
    (cause,) = kubewright.validate(obj, CRD)
    with APIServer([TSTEST]) as server, pytest.raises(kubewright.Invalid) as refused:
        client = kubewright.DynamicClient(server.transport())
        resource = kubewright.Resource(group="stable.example.com", version="v1", kind="TsTest", plural="tstests")
        try:
            client.namespaced(resource)("default").create(obj)
        finally:
            client.transport.close()
    (told,) = refused.value.causes
    assert (cause.field, cause.reason, cause.message) == (told.field, told.reason, told.message)


def test_update_forgives_what_was_wrong_before() -> None:
    old = document(image="nginx", replicas="two")
    assert kubewright.validate(document(image="other", replicas="two"), CRD, old=old) == []


def test_the_object_itself_is_not_changed() -> None:
    obj = document(image="nginx", unknown=1)
    kubewright.validate(obj, CRD)
    assert obj == document(image="nginx", unknown=1)


def test_unknown_fields_are_named() -> None:
    assert kubewright.unknown_fields(document(image="nginx", imgae="x"), CRD) == ["spec.imgae"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "Other"}, "the object is a stable.example.com/v1 Other"),
        ({"apiVersion": "stable.example.com/v9"}, "has no version v9, only v1"),
    ],
)
def test_object_of_another_kind_is_a_mistake_of_the_caller(change: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kubewright.validate({**document(), **change}, CRD)
