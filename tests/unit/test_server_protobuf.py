"""Protobuf bodies as client-go writes them. The samples were encoded by apimachinery 0.37.2, beside Go's own JSON of them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from kubewright.testing.apiserver import build_api
from kubewright.testing.server.messages import ServerRequest, ServerResponse, StatusError
from kubewright.testing.server.protobuf import MEDIA_TYPE, BadProtobuf, as_json, decode

SAMPLES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "protobuf_samples.json").read_text())


def without_nulls(value: Any) -> Any:
    """Go's JSON writes an unset time as null; protobuf does not write it at all."""
    if isinstance(value, dict):
        return {key: without_nulls(sub) for key, sub in value.items() if sub is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample["kind"] for sample in SAMPLES])
def test_protobuf_reads_as_the_json_of_the_same_object(sample: dict[str, Any]) -> None:
    found = decode(base64.b64decode(sample["protobuf"]))
    assert without_nulls(found) == without_nulls(sample["json"])


def test_zero_of_a_pointer_counts_and_zero_of_a_plain_field_does_not() -> None:
    deployment = next(sample for sample in SAMPLES if sample["kind"] == "Deployment")
    found = decode(base64.b64decode(deployment["protobuf"]))
    assert found is not None
    assert found["spec"]["replicas"] == 0
    assert "hostPort" not in found["spec"]["template"]["spec"]["containers"][0]["ports"][0]


@pytest.mark.parametrize("body", [b"{}", b"k8s\x00\x0a", b"k8s\x00\x0a\xff\xff", b"k8s\x00" + b"\x80" * 12])
def test_broken_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(BadProtobuf):
        decode(body)


def test_every_truncation_of_a_real_body_is_refused_or_read_and_never_crashes() -> None:
    for sample in SAMPLES:
        whole = base64.b64decode(sample["protobuf"])
        for end in range(4, len(whole)):
            try:
                decode(whole[:end])
            except (BadProtobuf, UnicodeDecodeError):
                pass


def test_refusal_is_a_bad_request_that_says_why() -> None:
    with pytest.raises(StatusError, match="magic number") as refused:
        as_json(ServerRequest("POST", "/x", (), {"content-type": MEDIA_TYPE}, b"{}"))
    assert refused.value.code == 400


def test_object_of_a_typed_go_client_is_stored_like_any_other() -> None:
    api = build_api()
    config_map = next(sample for sample in SAMPLES if sample["kind"] == "ConfigMap")
    body = base64.b64decode(config_map["protobuf"]).replace("ü".encode(), b"u2")
    request = as_json(
        ServerRequest("POST", "/api/v1/namespaces/default/configmaps", (), {"content-type": MEDIA_TYPE}, body)
    )
    answer = api.handle(request)
    assert isinstance(answer, ServerResponse)
    assert answer.status == 201
    assert json.loads(answer.body)["binaryData"] == {"x": "AP8B"}
