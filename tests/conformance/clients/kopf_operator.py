"""kopf: an operator whose handlers see create, update and delete, and whose status and finalizer come and go. Prints what it saw."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import threading
import time
from typing import Any

import kopf  # type: ignore[import-not-found]
from kubernetes import client, config  # type: ignore[import-untyped]

GROUP, VERSION, PLURAL = "conformance.example.com", "v1", "widgets"
seen: list[Any] = []


@kopf.on.login()
def login(**arguments: Any) -> Any:
    return kopf.login_with_kubeconfig(**arguments)


@kopf.on.create(GROUP, VERSION, PLURAL)
def created(spec: Any, patch: Any, **_: Any) -> None:
    seen.append(["create", spec["size"]])
    patch.status["phase"] = "Seen"


@kopf.on.update(GROUP, VERSION, PLURAL, field="spec.size")
def updated(old: Any, new: Any, **_: Any) -> None:
    seen.append(["update", old, new])


@kopf.on.delete(GROUP, VERSION, PLURAL)
def deleted(spec: Any, **_: Any) -> None:
    seen.append(["delete", spec["size"]])


def until(holds: Any, what: str) -> Any:
    deadline = time.monotonic() + 30
    while True:
        with contextlib.suppress(client.ApiException):
            found = holds()
            if found:
                return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen; seen {seen}")
        time.sleep(0.05)


def main(kubeconfig: str, namespace: str) -> list[Any]:
    os.environ["KUBECONFIG"] = kubeconfig  # for kopf
    config.load_kube_config(kubeconfig)
    core, custom = client.CoreV1Api(), client.CustomObjectsApi()
    core.create_namespace({"metadata": {"name": namespace}})
    ready, stop = threading.Event(), threading.Event()

    async def operate() -> None:
        flag = asyncio.Event()
        operator = asyncio.create_task(
            kopf.operator(namespaces=[namespace], ready_flag=flag, stop_flag=stop, standalone=True)
        )
        waiter = asyncio.create_task(flag.wait())
        await asyncio.wait([operator, waiter], return_when=asyncio.FIRST_COMPLETED)
        ready.set()
        await operator

    thread = threading.Thread(target=lambda: asyncio.run(operate()), daemon=True)
    thread.start()
    assert ready.wait(30), "kopf did not become ready"
    where = (GROUP, VERSION, namespace, PLURAL)
    widget = {"apiVersion": f"{GROUP}/{VERSION}", "kind": "Widget", "metadata": {"name": "a"}, "spec": {"size": 1}}
    custom.create_namespaced_custom_object(*where, widget)

    def status() -> Any:
        return custom.get_namespaced_custom_object(*where, "a").get("status", {}).get("phase")

    seen.append(["phase", until(status, "the status")])
    found = custom.get_namespaced_custom_object(*where, "a")
    seen.append(["finalizers", found["metadata"]["finalizers"]])
    custom.patch_namespaced_custom_object(*where, "a", {"spec": {"size": 5}})
    until(lambda: any(each[0] == "update" for each in seen), "the update")
    custom.delete_namespaced_custom_object(*where, "a")
    until(lambda: any(each[0] == "delete" for each in seen), "the delete")
    until(lambda: not custom.list_namespaced_custom_object(*where)["items"], "the removal")
    seen.append(["gone"])
    stop.set()
    thread.join(20)
    return sorted(seen, key=lambda each: str(each[0]))


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
