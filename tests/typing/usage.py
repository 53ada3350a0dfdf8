"""What a user writes, with the types that both checkers must find.  Checked, never run."""

from __future__ import annotations

from typing import assert_type

from generated.applyconfigurations.stable_v1 import TsTestApply
from generated.clientset import Clientset
from generated.clientset.cert_manager_v1 import ClusterIssuers
from generated.clientset.stable_v1 import StableV1, TsTests, TsTestScope
from generated.informers import SharedInformerFactory
from generated.listers.stable_v1 import TsTestLister
from generated.models.cert_manager_v1 import ClusterIssuer
from generated.models.stable_v1 import TsTest, TsTestSpec, TsTestStatus
from kubewright import Condition, LabelSelector, ObjectMeta
from kubewright.api.models.apps_v1 import Deployment, DeploymentSpec
from kubewright.api.models.core_v1 import Pod, PodTemplateSpec, Secret
from kubewright.client import ObjectList, Scale


def clients(cs: Clientset) -> None:
    assert_type(cs.stable_v1, StableV1)
    assert_type(cs.stable_v1.tstests, TsTests)
    assert_type(cs.stable_v1.tstests("default"), TsTestScope)
    assert_type(cs.stable_v1.tstests("default").get("a"), TsTest)
    assert_type(cs.stable_v1.tstests.list(), ObjectList[TsTest])
    for test in cs.stable_v1.tstests.list(label_selector="a=b"):
        assert_type(test, TsTest)
    for event in cs.stable_v1.tstests.watch():
        assert_type(event.object, TsTest)
    assert_type(cs.cert_manager_v1.clusterissuers, ClusterIssuers)
    assert_type(cs.cert_manager_v1.clusterissuers.get("x"), ClusterIssuer)


def built_in_kinds(cs: Clientset) -> None:
    assert_type(cs.core_v1.pods("kube-system").list(label_selector="k8s-app=kube-dns"), ObjectList[Pod])
    assert_type(cs.apps_v1.deployments("default").get_scale("web"), Scale)
    assert_type(cs.core_v1.pods("default").log("web"), str)
    assert_type(cs.core_v1.namespaces.get("default").metadata, ObjectMeta)
    assert_type(cs.core_v1.secrets("default").get("s"), Secret)


def models() -> None:
    test = TsTest(metadata=ObjectMeta(name="a"), spec=TsTestSpec(image="nginx", replicas=2))
    assert_type(test.metadata, ObjectMeta)
    assert_type(test.api_version, str)
    assert_type(test.spec, TsTestSpec)
    assert_type(test.spec.replicas, int | None)
    test.spec.replicas = 3
    assert_type(test.status, TsTestStatus | None)
    if test.status is not None:
        assert_type(test.status.conditions, list[Condition] | None)
    template = PodTemplateSpec(metadata=ObjectMeta(labels={"a": "b"}))
    selector = LabelSelector(match_labels={"a": "b"})
    Deployment(metadata=ObjectMeta(name="web"), spec=DeploymentSpec(selector=selector, template=template))


def apply(cs: Clientset) -> None:
    config: TsTestApply = {"metadata": {"name": "a", "labels": {"x": "y"}}, "spec": {"image": "nginx"}}
    assert_type(cs.stable_v1.tstests("default").apply(config, field_manager="me"), TsTest)


def informers(cs: Clientset) -> None:
    factory = SharedInformerFactory(cs)
    assert_type(factory.stable_v1.tstests.lister, TsTestLister)
    assert_type(factory.stable_v1.tstests.lister("default").get("a"), TsTest)
    assert_type(factory.core_v1.pods.lister("default").get("a"), Pod)
