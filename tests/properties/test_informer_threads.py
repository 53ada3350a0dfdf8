"""The same promise with everything real: reflector threads, handler threads, handlers that come and go under way."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubewright.objects import ObjectKey
from kubewright.testing.source import ScriptedServer
from tests.properties.test_informer_convergence import NAMES, NAMESPACES
from tests.runtime.informers import Recorder, Widget, informer, settle

RUNS = 200 if os.environ.get("KUBEWRIGHT_LONG") else 20

OPERATIONS = st.sampled_from(
    [*["put"] * 6, "delete", "delete", "recreate", "cut", "end", "expire", "miss", "garbage", "bookmark", "add handler"]
)
STEPS = st.lists(st.tuples(OPERATIONS, st.sampled_from(NAMES), st.sampled_from(NAMESPACES)), max_size=40)


def sizes(objects: dict[ObjectKey, Any]) -> dict[ObjectKey, tuple[str, int | None]]:
    return {key: (obj["metadata"]["uid"], (obj.get("spec") or {}).get("size")) for key, obj in objects.items()}


def held(objects: dict[ObjectKey, Widget]) -> dict[ObjectKey, tuple[str | None, int | None]]:
    return {
        key: (obj.metadata.uid if obj.metadata else None, obj.spec.size if obj.spec else None)
        for key, obj in objects.items()
    }


@settings(max_examples=RUNS, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS, streams=st.booleans())
def test_every_handler_ends_with_what_the_server_has(steps: list[tuple[str, str, str]], streams: bool) -> None:
    # client-go: TestSharedInformerWatchDisruption, TestHammerController
    server = ScriptedServer(streaming="supported" if streams else "refused")
    seen = [Recorder()]
    keys: list[ObjectKey] = []
    with informer([server.source("one"), server.source("two")], start=False) as made:
        seen[0].attach(made)
        made.add_event_handler(on_key=keys.append)
        made.start()
        for size, (operation, name, namespace) in enumerate(steps):
            exists = ObjectKey(namespace, name) in server.objects()
            if operation == "put":
                (server.modify if exists else server.add)(name, namespace, spec={"size": size})
            elif operation == "delete" and exists:
                server.delete(name, namespace)
            elif operation == "recreate" and exists:
                server.delete(name, namespace)
                server.add(name, namespace, spec={"size": size})
            elif operation == "cut":
                server.cut_streams()
            elif operation == "end":
                server.end_streams()
            elif operation == "expire":
                server.expire()
            elif operation == "garbage":
                server.send(b"<html>\n")
            elif operation == "bookmark":
                server.bookmark()
            elif operation == "add handler":
                seen.append(Recorder())
                seen[-1].attach(made)
            elif operation == "miss" and exists:
                server.cut_streams()
                server.delete(name, namespace, silent=True)
                server.expire()
        server.cut_streams()
        settle(lambda: made.has_synced)
        wanted = sizes(server.objects())
        for recorder in seen:
            settle(lambda recorder=recorder: held(recorder.state) == wanted, f"{seen.index(recorder)}")  # type: ignore[misc]
        assert {key: obj.metadata.uid for obj in made.lister.list() if obj.metadata for key in [_key(obj)]} == {
            key: uid for key, (uid, _) in wanted.items()
        }
        assert set(wanted) <= set(keys)


def _key(obj: Widget) -> ObjectKey:
    assert obj.metadata is not None
    return ObjectKey(obj.metadata.namespace or "", obj.metadata.name or "")
