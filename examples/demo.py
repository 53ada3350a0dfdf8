"""`make demo`: the main job on one screen. A CRD has become code (`make generate` ran just before); here the code is used.

An API server starts inside this process, the CRDs of schemas/ are installed through its API, the TsTest controller runs on
threads, and TsTests are created, changed and deleted through the generated clientset, while watches tell what the server saw.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from examples import tstest_controller
from generated.clientset import Clientset
from generated.models.stable_v1 import TsTest, TsTestSpec
from kubewright import Conflict, NotFound, ObjectMeta, Watch
from kubewright.api.models.apps_v1 import Deployment, DeploymentStatus
from kubewright.testing import APIServer

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"
_began = time.monotonic()


def say(who: str, text: str) -> None:
    print(f"{time.monotonic() - _began:6.2f}s  {who:<10}  {text}", flush=True)


def eventually(condition: Callable[[], bool], what: str, timeout: float = 15.0) -> None:
    """Waits for what the controller is expected to do; the demo fails when it does not come."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"demo: waited {timeout:.0f} s in vain: {what}")
        time.sleep(0.02)


def main() -> int:
    say("demo", "starting the embedded API server (in this process, on loopback)")
    with APIServer() as server, Clientset.for_url(server.url) as clientset:
        say("server", f"serving at {server.url}")
        server.install(SCHEMAS)
        say(
            "server",
            f"installed the CRDs of {SCHEMAS.name}/: {', '.join(sorted(p.name for p in SCHEMAS.glob('*.yaml')))}",
        )

        stop = threading.Event()
        controller = threading.Thread(target=tstest_controller.run, args=(clientset, stop), name="controller")
        controller.start()
        say("controller", "started: two informers (TsTest, Deployment), a queue, two workers")

        tstests = clientset.stable_v1.tstests("default").watch(resource_version="0")
        deployments = clientset.apps_v1.deployments("default").watch(resource_version="0")
        watchers = [
            threading.Thread(target=_tell, args=(tstests,), name="watch-tstests"),
            threading.Thread(target=_play_deployments, args=(clientset, deployments), name="watch-deployments"),
        ]
        for watcher in watchers:
            watcher.start()
        try:
            _story(clientset)
        finally:
            stop.set()
            controller.join()
            say("controller", "stopped: queue drained, watches ended, threads joined")
            tstests.stop()
            deployments.stop()
            for watcher in watchers:
                watcher.join()
    say("demo", "the API server is stopped; nothing is left behind")
    return 0


def _tell(watch: Watch[TsTest]) -> None:
    for event in watch:
        tstest, status = event.object, event.object.status
        shown = f"phase={status.phase} readyReplicas={status.ready_replicas}" if status else "no status yet"
        say("watch", f"{event.type:<8} TsTest {tstest.metadata.name}: replicas={tstest.spec.replicas}, {shown}")


def _play_deployments(clientset: Clientset, watch: Watch[Deployment]) -> None:
    """Plays the cluster: an API server alone has no Deployment controller, so somebody must say that the pods are ready."""
    for event in watch:
        deployment = event.object
        wanted = deployment.spec.replicas or 0
        ready = (deployment.status.ready_replicas if deployment.status else None) or 0
        say("watch", f"{event.type:<8} Deployment {deployment.metadata.name}: replicas={wanted}, ready={ready}")
        if event.type == "DELETED" or ready == wanted:
            continue
        deployment.status = DeploymentStatus(replicas=wanted, ready_replicas=wanted)
        try:
            clientset.apps_v1.deployments("default").update_status(deployment)
        except (Conflict, NotFound):
            continue  # changed or deleted meanwhile: the next event says more
        say("cluster", f"(played by the demo) the pods of {deployment.metadata.name} are ready: {wanted}")


def _story(clientset: Clientset) -> None:
    tstests = clientset.stable_v1.tstests("default")

    def ready(name: str, replicas: int) -> Callable[[], bool]:
        def reached() -> bool:
            status = tstests.get(name).status
            return status is not None and status.ready_replicas == replicas

        return reached

    def gone(name: str) -> bool:
        try:
            tstests.get(name)
        except NotFound:
            return True
        return False

    say("client", "creating TsTests web (2 replicas) and batch (0 replicas)")
    for name, replicas in (("web", 2), ("batch", 0)):
        spec = TsTestSpec(cron_spec="*/5 * * * *", image="nginx", deployment_name=name, replicas=replicas)
        tstests.create(TsTest(metadata=ObjectMeta(name=name), spec=spec))
    eventually(ready("web", 2), "web gets its status")
    eventually(ready("batch", 0), "batch gets its status")

    say("client", "reading web, setting replicas to 5, updating it")
    web = tstests.get("web")
    web.spec.replicas = 5
    tstests.update(web)
    eventually(ready("web", 5), "web's status follows")

    say("client", f"listing: {', '.join(f'{t.metadata.name}={t.spec.replicas}' for t in tstests.list())}")

    say("client", "deleting both")
    for name in ("web", "batch"):
        tstests.delete(name)
    eventually(lambda: gone("web") and gone("batch"), "both are gone")


if __name__ == "__main__":
    raise SystemExit(main())
