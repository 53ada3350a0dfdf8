"""Objects without managedFields: the same objects otherwise, of the same class, whatever the model."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubewright.api.models.core_v1 import ConfigMap, Pod
from kubewright.core.codec import decode, encode
from kubewright.core.managedfields import reader_without_managed_fields
from kubewright.errors import DecodeError
from kubewright.model import Model
from kubewright.objects import ManagedFieldsEntry, ObjectMeta
from kubewright.open import Open

MANAGED = [{"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:spec": {}}}]


def document(kind: str, **more: Any) -> bytes:
    metadata = {"name": "a", "labels": {"managedFields": "x"}, "managedFields": MANAGED, "uid": "u"}
    return json.dumps({"apiVersion": "v1", "kind": kind, "metadata": metadata, **more}).encode()


class OpenThing(Open, kw_only=True):
    api_version: str = "v1"
    kind: str = "Thing"
    metadata: ObjectMeta | None = None


class LooseThing(Model):
    metadata: dict[str, Any] | None = None


class OddlyNamed(Model):
    spec: str | None = None
    metadata: ObjectMeta | None = None
    another: int = 3


@pytest.mark.parametrize("model", [Pod, ConfigMap, OpenThing, OddlyNamed])
def test_all_but_managed_fields_is_as_in_a_whole_object(model: type[Any]) -> None:
    raw = document(model.__name__, spec={}) if model is not OddlyNamed else document("X", spec="s")
    whole = decode(model, raw)
    assert whole.metadata.managed_fields is not None
    whole.metadata.managed_fields = None
    slim = reader_without_managed_fields(model)(raw)
    assert slim == whole
    assert (type(slim), type(slim.metadata)) == (model, ObjectMeta)
    assert encode(slim) == encode(whole)


def test_managed_fields_can_be_set_on_the_result() -> None:
    made = reader_without_managed_fields(ConfigMap)(document("ConfigMap"))
    assert made.metadata is not None
    made.metadata.managed_fields = [ManagedFieldsEntry(manager="me")]
    assert json.loads(encode(made))["metadata"]["managedFields"] == [{"manager": "me"}]


@pytest.mark.parametrize("model", [dict[str, Any], LooseThing])
def test_documents_without_typed_metadata_lose_them_too(model: type[Any]) -> None:
    made = json.loads(encode(reader_without_managed_fields(model)(document("X"))))
    assert made["metadata"] == {"name": "a", "labels": {"managedFields": "x"}, "uid": "u"}


def test_what_does_not_fit_is_said_of_the_model_with_its_path() -> None:
    with pytest.raises(DecodeError, match="cannot read as ConfigMap") as caught:
        reader_without_managed_fields(ConfigMap)(document("ConfigMap", data={"a": 1}))
    assert caught.value.path == "$.data[...]"
