"""Manifests and kubeconfigs of the test servers."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from kubewright.errors import ConfigError
from kubewright.testing.kubeconfig import kubeconfig_text, write_kubeconfig
from kubewright.testing.manifests import load_manifests

CONFIGMAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


def test_text_file_folder_and_object_are_all_manifests(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(CONFIGMAP)
    (tmp_path / "a.json").write_text('{"kind": "Secret"}')
    (tmp_path / "notes.txt").write_text("not a manifest")
    found = load_manifests(CONFIGMAP, tmp_path / "b.yaml", str(tmp_path), {"kind": "Pod"})
    assert [each["kind"] for each in found] == ["ConfigMap", "ConfigMap", "Secret", "ConfigMap", "Pod"]


def test_a_list_is_its_items_and_empty_documents_are_nothing() -> None:
    text = f"---\n---\nkind: List\nitems:\n- kind: A\n- kind: B\n---\n{CONFIGMAP}"
    assert [each["kind"] for each in load_manifests(text)] == ["A", "B", "ConfigMap"]


def test_scalars_are_what_json_would_carry() -> None:
    (found,) = load_manifests("kind: A\nwhen: 2026-01-01\nop: =\nenum: [=, '!=']\n")
    assert found["when"] == "2026-01-01"
    assert found["op"] == "="
    assert found["enum"] == ["=", "!="]


def test_keys_are_strings_as_in_json() -> None:
    (found,) = load_manifests("kind: A\non: 1\n8080: 2\n1.5: 3\n")
    assert found == {"kind": "A", "true": 1, "8080": 2, "1.5": 3}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a: b: c\n", "the given text is not YAML"),
        ("just: data\n", "no Kubernetes object"),
        ("- 1\n- 2\n", "no Kubernetes object"),
        ("/no/such/file.yaml", r"cannot read /no/such/file\.yaml"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(source: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_manifests(source)


def test_an_empty_folder_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no"):
        load_manifests(tmp_path)


def test_a_kubeconfig_with_a_token_is_for_its_owner_only(tmp_path: Path) -> None:
    text = kubeconfig_text("https://127.0.0.1:1", token="secret", ca_pem=b"PEM")
    path = write_kubeconfig(tmp_path / "kc.yaml", text)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["users"][0]["user"] == {"token": "secret"}
    assert [each.name for each in tmp_path.iterdir()] == ["kc.yaml"]
