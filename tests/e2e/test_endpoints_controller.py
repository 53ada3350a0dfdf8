"""The second example: built-in kinds and a custom one, four caches, one wait."""

from __future__ import annotations

import threading
from pathlib import Path

from examples import endpoints_controller
from generated.clientset import Clientset
from generated.models.stable_v1 import TsTest, TsTestSpec
from kubewright import NotFound, ObjectMeta
from kubewright.api.models.core_v1 import (
    ConfigMap,
    EndpointAddress,
    EndpointPort,
    Endpoints,
    EndpointSubset,
    Service,
    ServicePort,
    ServiceSpec,
)
from kubewright.testing import APIServer
from tests.support import eventually, no_leaked_threads

TSTEST = Path(__file__).resolve().parents[2] / "schemas" / "tstest.yaml"


def test_addresses_are_published_followed_repaired_and_removed() -> None:
    with no_leaked_threads(), APIServer(crds=[TSTEST]) as server, Clientset.for_url(server.url) as clientset:
        configmaps = clientset.core_v1.configmaps("default")
        endpoints = clientset.core_v1.endpoints("default")
        stop = threading.Event()
        controller = threading.Thread(target=endpoints_controller.run, args=(clientset, stop))
        controller.start()
        try:
            clientset.core_v1.services("default").create(
                Service(metadata=ObjectMeta(name="web"), spec=ServiceSpec(ports=[ServicePort(port=80)]))
            )
            endpoints.create(
                Endpoints(
                    metadata=ObjectMeta(name="web"),
                    subsets=[EndpointSubset(addresses=[EndpointAddress(ip="10.0.0.1")], ports=[EndpointPort(port=80)])],
                )
            )
            clientset.stable_v1.tstests("default").create(
                TsTest(metadata=ObjectMeta(name="web"), spec=TsTestSpec(image="nginx"))
            )

            def published() -> str | None:
                try:
                    found: ConfigMap = configmaps.get("web-addresses")
                except NotFound:
                    return None
                return (found.data or {}).get("addresses")

            eventually(lambda: published() == "10.0.0.1:80", what="the first addresses")

            changed = endpoints.get("web")
            assert changed.subsets
            changed.subsets[0].addresses = [EndpointAddress(ip="10.0.0.2"), EndpointAddress(ip="10.0.0.1")]
            endpoints.update(changed)
            eventually(lambda: published() == "10.0.0.1:80\n10.0.0.2:80", what="the change of the Endpoints")

            configmaps.delete("web-addresses")
            eventually(lambda: published() is not None, what="the repair")

            endpoints.delete("web")
            eventually(lambda: published() is None, what="the removal")
        finally:
            stop.set()
            controller.join(30)
        assert not controller.is_alive()
