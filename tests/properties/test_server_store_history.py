"""Whatever is written, the embedded server tells one story: lists, pages, the past and watches agree."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.server_calls import ALL_WIDGETS, MERGE, WIDGETS, Server, events, widget

Json = dict[str, Any]
State = dict[str, Json]

NAMES = st.sampled_from(["a", "b", "c", "d"])
LABELS = st.sampled_from(["x", "y", None])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("create"), NAMES, LABELS),
        st.tuples(st.just("label"), NAMES, LABELS),
        st.tuples(st.just("touch"), NAMES, st.none()),
        st.tuples(st.just("delete"), NAMES, st.none()),
    ),
    max_size=25,
)


def run(server: Server, steps: list[tuple[str, str, str | None]]) -> list[tuple[str, State]]:
    """Do the steps; what a list showed after each of them, by revision."""
    told: list[tuple[str, State]] = [listed(server)]
    for number, (verb, name, label) in enumerate(steps):
        path = f"{WIDGETS}/{name}"
        if verb == "create":
            server.call("POST", WIDGETS, widget(name, labels={"app": label} if label else {}))
        elif verb == "label":
            server.call("PATCH", path, {"metadata": {"labels": {"app": label}}}, content_type=MERGE)
        elif verb == "touch":
            server.call("PATCH", path, {"spec": {"replicas": number}}, content_type=MERGE)
        else:
            server.call("DELETE", path)
        told.append(listed(server))
    return told


def listed(server: Server, **query: str) -> tuple[str, State]:
    body = server.call("GET", ALL_WIDGETS, None, query).body
    return body["metadata"]["resourceVersion"], {item["metadata"]["name"]: item for item in body["items"]}


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_a_list_at_any_revision_is_what_was_listed_then(steps: list[tuple[str, str, str | None]]) -> None:
    server = Server()
    for revision, state in run(server, steps):
        assert listed(server, resourceVersion=revision, resourceVersionMatch="Exact") == (revision, state)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, later=STEPS, limit=st.integers(1, 3))
def test_pages_make_up_the_list_they_began_as(
    steps: list[tuple[str, str, str | None]], later: list[tuple[str, str, str | None]], limit: int
) -> None:
    server = Server()
    run(server, steps)
    revision, whole = listed(server)
    pages: State = {}
    token = ""
    while True:
        query = {"limit": str(limit), **({"continue": token} if token else {})}
        body = server.call("GET", ALL_WIDGETS, None, query).body
        assert body["metadata"]["resourceVersion"] == revision
        pages |= {item["metadata"]["name"]: item for item in body["items"]}
        token = body["metadata"]["continue"]
        if not token:
            break
        run(server, later[:3])
    assert pages == whole


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, selector=st.sampled_from(["", "app=x", "app!=x", "app"]))
def test_a_watch_from_any_revision_leads_to_the_present(
    steps: list[tuple[str, str, str | None]], selector: str
) -> None:
    server = Server()
    query = {"labelSelector": selector} if selector else {}
    told = [listed(server, **query)]
    for step in steps:
        run(server, [step])
        told.append(listed(server, **query))
    _, present = told[-1]
    for revision, state in told:
        state = dict(state)
        last = int(revision)
        for event in events(server.watch(ALL_WIDGETS, {"resourceVersion": revision, **query})):
            obj, name = event["object"], event["object"]["metadata"]["name"]
            assert int(obj["metadata"]["resourceVersion"]) > last
            last = int(obj["metadata"]["resourceVersion"])
            assert (event["type"] == "ADDED") == (name not in state)
            if event["type"] == "DELETED":
                del state[name]
            else:
                state[name] = obj
        assert state == present
