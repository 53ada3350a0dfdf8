"""Field selectors on built-in kinds compare what Go's strategies compute."""

from __future__ import annotations

from typing import Any

import pytest

from kubewright.testing.server.selectable import SELECTABLE, path


@pytest.mark.parametrize(
    ("kind", "field", "obj", "expected"),
    [
        ("pods", "spec.hostNetwork", {"spec": {}}, "false"),
        ("pods", "spec.hostNetwork", {"spec": {"hostNetwork": True}}, "true"),
        ("pods", "status.podIP", {"status": {"podIP": "old", "podIPs": [{"ip": "10.0.0.1"}]}}, "10.0.0.1"),
        ("pods", "spec.host", {"spec": {"nodeName": "n1"}}, "n1"),
        ("nodes", "spec.unschedulable", {"spec": {}}, "false"),
        ("jobs.batch", "status.successful", {"status": {"succeeded": 2}}, "2"),
        ("jobs.batch", "status.successful", {}, "0"),
        ("events", "source", {"source": {"component": "kubelet"}}, "kubelet"),
        ("events", "source", {"source": {}, "reportingComponent": "me"}, "me"),
        ("events", "involvedObject.name", {"involvedObject": {"name": "x"}}, "x"),
        ("namespaces", "status.phase", {"status": {"phase": "Active"}}, "Active"),
    ],
)
def test_value_is_what_go_computes(kind: str, field: str, obj: dict[str, Any], expected: str) -> None:
    assert SELECTABLE[kind][field](obj) == expected


@pytest.mark.parametrize(("value", "expected"), [(5, "5"), (True, "true"), ("a", "a"), (None, "")])
def test_field_of_a_custom_resource_reads_as_text(value: Any, expected: str) -> None:
    assert path("spec.x")({"spec": {"x": value}}) == expected
