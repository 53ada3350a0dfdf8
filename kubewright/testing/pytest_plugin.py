"""Fixtures for tests against a Kubernetes API: the same test on the embedded server in milliseconds, on the real one in CI.

    def test_reconcile(kube_api, kube_namespace):
        with Clientset.for_url(kube_api.url) as clientset: ...

Registered with pytest by the installed package. Options:

    --kube-server=embedded|real   which server ``kube_api`` is (default: embedded)
    kube_crds = schemas/          in pytest's ini: CRDs to install, files or folders, relative to the ini file

pytest loads this module in every run, so nothing of a server is imported before a fixture asks for it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pytest

if TYPE_CHECKING:
    from kubewright.client import DynamicClient
    from kubewright.testing import APIServer, EnvTest

    KubeServer: TypeAlias = APIServer | EnvTest

_NAMESPACE_NUMBERS: Final = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the command-line option and the ini value."""
    group = parser.getgroup("kubewright", "Kubernetes API servers for tests")
    group.addoption(
        "--kube-server",
        choices=("embedded", "real"),
        default="embedded",
        help="what kube_api is: the embedded API server, or a real kube-apiserver with etcd",
    )
    parser.addini("kube_crds", "CRDs that kube_api serves: files or folders", type="paths", default=[])


@pytest.fixture(scope="session")
def kube_api(request: pytest.FixtureRequest) -> Iterator[KubeServer]:
    """A running API server, shared by the whole session: ``APIServer``, or ``EnvTest`` with ``--kube-server=real``.

    Skips the test when the real server is asked for and its binaries are not on this machine.
    """
    crds = request.config.getini("kube_crds")
    if request.config.getoption("--kube-server") == "embedded":
        from kubewright.testing import APIServer

        with APIServer(crds) as server:
            yield server
        return
    from kubewright.testing.envtest import BinariesMissing, EnvTest

    try:
        started = EnvTest(crds).start()
    except BinariesMissing as missing:
        pytest.skip(f"--kube-server=real: {missing}")
    with started as real:
        yield real


@pytest.fixture
def kube_client(kube_api: KubeServer) -> Iterator[DynamicClient]:
    """A client for any kind on ``kube_api``, with a connection of its own; ``.transport`` makes generated clientsets."""
    from kubewright.client import DynamicClient

    with closing(kube_api.transport()) as transport:
        yield DynamicClient(transport)


@pytest.fixture
def kube_namespace(kube_client: DynamicClient) -> Iterator[str]:
    """The name of a namespace that no other test uses; deleted at the end, with everything in it on the embedded server."""
    from kubewright.core.resource import Resource
    from kubewright.errors import NotFound

    namespaces = kube_client.cluster(
        Resource(group="", version="v1", kind="Namespace", plural="namespaces", namespaced=False)
    )
    wanted: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"generateName": f"test-{next(_NAMESPACE_NUMBERS)}-"},
    }
    name: str = namespaces.create(wanted)["metadata"]["name"]
    yield name
    try:
        namespaces.delete(name)
    except NotFound:
        pass  # the test did it
