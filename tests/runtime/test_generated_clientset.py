"""The generated package at work: one clientset and one factory for generated and built-in kinds, on a server in the process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from generated.applyconfigurations.stable_v1 import TsTestApply
from generated.clientset import Clientset
from generated.clientset.fake import fake_clientset
from generated.informers import SharedInformerFactory
from generated.models.cert_manager_v1 import ClusterIssuer, ClusterIssuerSpec
from generated.models.stable_v1 import TsTest, TsTestSpec, TsTestStatus
from kubewright import Conflict, NotFound, ObjectMeta, wait_for_cache_sync
from kubewright.api.clientset import Clientset as BuiltInClientset
from kubewright.api.models.core_v1 import ConfigMap


def tstest(name: str, image: str = "nginx") -> TsTest:
    return TsTest(metadata=ObjectMeta(name=name, namespace="default"), spec=TsTestSpec(image=image, replicas=1))


def test_objects_that_were_given_are_there() -> None:
    cs = fake_clientset(
        tstest("a"), ConfigMap(metadata=ObjectMeta(name="settings", namespace="default"), data={"k": "v"})
    )
    assert [test.metadata.name for test in cs.stable_v1.tstests.list()] == ["a"]
    assert cs.core_v1.configmaps("default").get("settings").data == {"k": "v"}


def test_status_is_a_door_of_its_own() -> None:
    cs = fake_clientset(tstest("a"))
    tests = cs.stable_v1.tstests("default")
    read = tests.get("a")
    read.status = TsTestStatus(phase="Ready")
    assert tests.update(read).status is None
    read = tests.get("a")
    read.status = TsTestStatus(phase="Ready")
    updated = tests.update_status(read)
    assert updated.status is not None
    assert updated.status.phase == "Ready"


def test_stale_update_is_a_conflict() -> None:
    cs = fake_clientset(tstest("a"))
    tests = cs.stable_v1.tstests("default")
    stale, fresh = tests.get("a"), tests.get("a")
    fresh.spec.replicas = 2
    tests.update(fresh)
    stale.spec.replicas = 3
    with pytest.raises(Conflict):
        tests.update(stale)


def test_apply_type_is_what_the_server_takes() -> None:
    cs = fake_clientset(tstest("a"))
    config: TsTestApply = {"metadata": {"name": "a", "labels": {"team": "x"}}, "spec": {"replicas": 5}}
    applied = cs.stable_v1.tstests("default").apply(config, field_manager="me", force=True)
    assert applied.spec.replicas == 5
    assert applied.spec.image == "nginx"
    assert applied.metadata.labels == {"team": "x"}


def test_cluster_scoped_kind_needs_no_namespace() -> None:
    cs = fake_clientset()
    cs.cert_manager_v1.clusterissuers.create(ClusterIssuer(metadata=ObjectMeta(name="i"), spec=ClusterIssuerSpec()))
    assert cs.cert_manager_v1.clusterissuers.get("i").metadata.name == "i"
    with pytest.raises(NotFound, match="clusterissuers"):
        cs.cert_manager_v1.clusterissuers.get("other")


def test_factory_serves_generated_and_built_in_kinds_once() -> None:
    cs = fake_clientset(tstest("a"), ConfigMap(metadata=ObjectMeta(name="settings", namespace="default")))
    factory = SharedInformerFactory(cs)
    tests, maps = factory.stable_v1.tstests, factory.core_v1.configmaps
    assert factory.stable_v1.tstests is tests
    with factory:
        wait_for_cache_sync(factory, timeout=20)
        assert tests.lister("default").get("a").spec.image == "nginx"
        assert [m.metadata.name for m in maps.lister("default").list()] == ["settings"]


def test_two_packages_share_one_transport() -> None:
    cs = fake_clientset(ConfigMap(metadata=ObjectMeta(name="settings", namespace="default")))
    other = BuiltInClientset(cs.transport)
    assert other.core_v1.configmaps("default").get("settings").metadata.uid
    assert Clientset(other.transport).stable_v1.tstests.list().items == []


def test_importing_the_clientset_imports_no_models() -> None:
    code = "import sys, generated.clientset; print([m for m in sys.modules if '.models.' in m or m == 'kubernetes'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
