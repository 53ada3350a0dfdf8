"""The verbs that only built-in kinds have, on the real server (the embedded one has no kubelet, scheduler or token signer)."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from kubewright.api.clientset import Clientset
from kubewright.api.models.core_v1 import (
    Container,
    EphemeralContainer,
    Namespace,
    Pod,
    PodSpec,
    ServiceAccount,
)
from kubewright.errors import Conflict, NotFound
from kubewright.objects import ObjectMeta
from kubewright.testing.envtest import EnvTest

pytestmark = pytest.mark.conformance


@pytest.fixture
def clientset(real: EnvTest) -> Clientset:
    return Clientset(real.transport())


@pytest.fixture
def namespace(clientset: Clientset) -> Iterator[str]:
    name = f"builtin-{uuid4().hex[:8]}"
    clientset.core_v1.namespaces.create(Namespace(metadata=ObjectMeta(name=name)))
    clientset.core_v1.serviceaccounts(name).create(ServiceAccount(metadata=ObjectMeta(name="worker")))
    yield name
    clientset.core_v1.namespaces.delete(name)


@pytest.fixture
def pod(clientset: Clientset, namespace: str) -> Pod:
    spec = PodSpec(
        service_account_name="worker",
        automount_service_account_token=False,
        containers=[Container(name="c", image="i")],
    )
    return clientset.core_v1.pods(namespace).create(Pod(metadata=ObjectMeta(name="p"), spec=spec))


def test_pod_is_bound_once(clientset: Clientset, namespace: str, pod: Pod) -> None:
    pods = clientset.core_v1.pods(namespace)
    pods.bind("p", "node-1", uid=pod.metadata.uid)
    bound = pods.get("p")
    assert bound.spec is not None
    assert bound.spec.node_name == "node-1"
    with pytest.raises(Conflict):
        pods.bind("p", "node-2")


def test_evicted_pod_is_gone(clientset: Clientset, namespace: str, pod: Pod) -> None:
    pods = clientset.core_v1.pods(namespace)
    pods.evict("p", grace_period_seconds=0, uid=pod.metadata.uid)
    with pytest.raises(NotFound):
        pods.get("p")


def test_dry_eviction_evicts_nothing(clientset: Clientset, namespace: str, pod: Pod) -> None:
    pods = clientset.core_v1.pods(namespace)
    pods.evict("p", dry_run=True)
    assert pods.get("p").metadata.uid == pod.metadata.uid


def test_token_of_a_service_account_has_a_term(clientset: Clientset, namespace: str) -> None:
    token = clientset.core_v1.serviceaccounts(namespace).create_token("worker", expiration_seconds=600)
    assert token.status is not None
    assert token.status.token is not None
    assert token.status.token.count(".") == 2
    assert token.status.expiration_timestamp is not None
    assert token.status.expiration_timestamp.endswith("Z")


def test_ephemeral_container_joins_a_pod(clientset: Clientset, namespace: str, pod: Pod) -> None:
    assert pod.spec is not None
    pod.spec.ephemeral_containers = [EphemeralContainer(name="debug", image="busybox")]
    changed = clientset.core_v1.pods(namespace).update_ephemeral_containers(pod)
    assert changed.spec is not None
    assert [c.name for c in changed.spec.ephemeral_containers or ()] == ["debug"]


def test_log_of_a_pod_that_is_not_there_is_not_found(clientset: Clientset, namespace: str) -> None:
    with pytest.raises(NotFound):
        clientset.core_v1.pods(namespace).log("nobody", tail_lines=3)


def test_finalizers_of_a_namespace_are_written_by_finalize(clientset: Clientset) -> None:
    name = f"finalized-{uuid4().hex[:8]}"
    made = clientset.core_v1.namespaces.create(Namespace(metadata=ObjectMeta(name=name)))
    assert made.spec is not None
    made.spec.finalizers = []
    finalized = clientset.core_v1.namespaces.finalize(made)
    assert finalized.spec is None or not finalized.spec.finalizers
    clientset.core_v1.namespaces.delete(name)
