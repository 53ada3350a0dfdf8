"""Mistakes that both type checkers must find.  Checked, never run.

Each `type: ignore` is an assertion: where the mistake is not found, the comment is unused, and that is an error.
"""

from __future__ import annotations

from generated.applyconfigurations.stable_v1 import TsTestApply
from generated.clientset import Clientset
from generated.models.cert_manager_v1 import CertificateSpec
from generated.models.stable_v1 import TsTest, TsTestSpec
from kubewright import ObjectMeta


def verbs_that_are_not_there(cs: Clientset) -> None:
    cs.stable_v1.tstests.get("a")  # type: ignore[attr-defined]  # no namespace was said
    cs.cert_manager_v1.clusterissuers("default")  # type: ignore[operator]  # cluster-scoped
    cs.stable_v1.tstests("default").get_scale("a")  # type: ignore[attr-defined]  # no scale subresource
    cs.core_v1.configmaps("default").update_status(cs.core_v1.configmaps("x").get("y"))  # type: ignore[attr-defined]
    cs.core_v1.bindings.list()  # type: ignore[attr-defined]  # can only be created
    cs.stable_v1.nothing  # type: ignore[attr-defined]  # noqa: B018


def fields_that_are_not_there() -> None:
    TsTest(metadata=ObjectMeta(name="a"))  # type: ignore[call-arg]  # spec is required
    TsTestSpec(imgae="nginx")  # type: ignore[call-arg]
    TsTestSpec(image=3)  # type: ignore[arg-type]
    CertificateSpec()  # type: ignore[call-arg]  # issuerRef is required


def apply_types() -> None:
    wrong: TsTestApply = {"metadata": {"name": "a"}, "spec": {"image": 3}}  # type: ignore[typeddict-item]
    unknown: TsTestApply = {"metadata": {"name": "a"}, "spec": {"imgae": "x"}}  # type: ignore[typeddict-unknown-key]
    nameless: TsTestApply = {"spec": {"image": "x"}}  # type: ignore[typeddict-item]
    del wrong, unknown, nameless
