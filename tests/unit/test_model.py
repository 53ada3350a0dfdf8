"""Models are strict for those who write and lenient for those who read."""

from __future__ import annotations

import copy
import pickle
from typing import Any, ClassVar, Literal

import msgspec
import pytest

from kubewright.core import codec
from kubewright.errors import DecodeError
from kubewright.model import UNSET, Model, OneOf, Req, UnsetType, field
from kubewright.objects import ObjectKey, ObjectMeta, key_of, metadata_of, origin_of, set_origin
from kubewright.open import Open


class Port(Model, kw_only=True):
    number: Req[int]
    protocol: OneOf[Literal["TCP", "UDP"]] | None = None


class Template(Open, kw_only=True):
    image: Req[str]
    port: Port | None = None


class Thing(Model, kw_only=True):
    note: ClassVar[str] = "no field"
    api_version: str = field(name="apiVersion", default="example.com/v1")
    kind: str = "Thing"
    metadata: Req[ObjectMeta]
    ports: Req[list[Port]]
    template: Template | None = None
    maybe: str | None | UnsetType = UNSET


class OpenRoot(Open, kw_only=True):
    api_version: str = field(name="apiVersion", default="example.com/v1")
    kind: str = "OpenRoot"
    metadata: Req[ObjectMeta]


def test_a_missing_or_null_required_field_reads_as_none() -> None:
    thing = codec.decode(Thing, b'{"metadata":null}')
    assert [getattr(thing, name) for name in ("ports", "metadata")] == [None, None]


def test_an_unknown_enum_value_reads_as_a_string() -> None:
    assert codec.decode(Port, b'{"number":1,"protocol":"SCTP"}').protocol == "SCTP"  # type: ignore[comparison-overlap]


def test_api_version_and_kind_are_always_set_and_always_sent() -> None:
    # client-go#413: typed objects came back without their kind.
    assert codec.decode(Thing, b"{}").kind == "Thing"
    assert codec.to_builtins(Thing(metadata=ObjectMeta(name="a"), ports=[])) == {
        "apiVersion": "example.com/v1",
        "kind": "Thing",
        "metadata": {"name": "a"},
        "ports": [],
    }
    assert codec.to_builtins(OpenRoot(metadata=ObjectMeta()))["kind"] == "OpenRoot"


def test_absent_null_and_value_differ_where_the_schema_is_nullable() -> None:
    for raw in (b"{}", b'{"maybe":null}', b'{"maybe":"x"}'):
        sent = codec.to_builtins(codec.decode(Thing, raw))
        assert ("maybe" in sent, sent.get("maybe")) == (
            "maybe" in msgspec.json.decode(raw),
            msgspec.json.decode(raw).get("maybe"),
        )


def test_an_open_class_keeps_what_its_schema_does_not_name() -> None:
    raw = b'{"template":{"image":"nginx","x":{"y":[1,null]},"port":{"number":1}}}'
    thing = codec.decode(Thing, raw)
    assert thing.template is not None
    assert thing.template.extra == {"x": {"y": [1, None]}}
    assert codec.to_builtins(thing)["template"] == msgspec.json.decode(raw)["template"]


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])  # noqa: S301
def test_an_open_class_survives_every_way_of_copying(clone: Any) -> None:
    template = Template(image="nginx", extra={"x": 1})
    twin = clone(template)
    assert twin == template
    twin.image = "other"
    twin.extra["x"] = 2
    assert (template.image, template.extra) == ("nginx", {"x": 1})


def test_a_decode_error_names_the_path_through_open_classes() -> None:
    with pytest.raises(DecodeError) as caught:
        codec.decode(Thing, b'{"template":{"image":"nginx","port":{"number":"one"}}}')
    assert caught.value.path == "$.template.port.number"
    assert "Thing" in str(caught.value)


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])  # noqa: S301
def test_the_origin_survives_every_way_of_copying_and_is_never_sent(clone: Any) -> None:
    thing = codec.decode(Thing, b'{"metadata":{"name":"a"},"future":1}')
    set_origin(thing, b'{"future":1}')
    twin = clone(thing)
    assert origin_of(twin) == b'{"future":1}'
    assert b"future" not in codec.encode(twin)
    assert "future" not in repr(twin)


def test_a_key_is_read_off_models_and_plain_documents_alike() -> None:
    assert key_of(Thing(metadata=ObjectMeta(name="a", namespace="n"), ports=[])) == ObjectKey("n", "a")
    assert key_of({"metadata": {"name": "a"}}) == ObjectKey("", "a")
    assert str(ObjectKey("n", "a")) == "n/a"
    assert str(ObjectKey("", "a")) == "a"


def test_a_key_with_too_many_slashes_is_refused() -> None:  # S1
    assert ObjectKey.parse("n/a") == ObjectKey("n", "a")
    with pytest.raises(ValueError, match="unexpected key format"):
        ObjectKey.parse("a/b/c")


def test_what_has_no_metadata_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="int has no metadata"):
        metadata_of(3)
