"""Lists of the embedded server: pages of one moment, revisions, selectors."""

from __future__ import annotations

import pytest

from kubewright.testing.server.listing import LIST_EXPIRED, TOKEN_EXPIRED
from tests.server_calls import ALL_WIDGETS, CONFIG_MAPS, WIDGETS, Json, Server, config_map


@pytest.fixture
def server() -> Server:
    server = Server()
    for index, name in enumerate("abcdef"):
        server.create(name, {"image": "even" if index % 2 == 0 else "odd"}, labels={"n": str(index)})
    return server


def names(body: Json) -> list[str]:
    return [item["metadata"]["name"] for item in body["items"]]


def page(server: Server, **query: str) -> Json:
    answer = server.call("GET", WIDGETS, None, {key.replace("_", ""): value for key, value in query.items()})
    assert answer.status == 200, answer.body
    return answer.body


def test_pages_show_one_moment_whatever_happens_in_between(server: Server) -> None:
    first = page(server, limit="2")
    assert (names(first), first["metadata"]["remainingItemCount"]) == (["a", "b"], 4)
    server.call("DELETE", f"{WIDGETS}/c")
    server.create("aa")
    second = page(server, limit="3", continue_=first["metadata"]["continue"])
    assert names(second) == ["c", "d", "e"]
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    last = page(server, continue_=second["metadata"]["continue"])
    assert (names(last), last["metadata"]["continue"]) == (["f"], "")


def test_a_token_that_history_no_longer_reaches_offers_to_go_on_without_consistency(server: Server) -> None:
    token = page(server, limit="2")["metadata"]["continue"]
    server.create("bb")
    server.api.storage.expire_history()
    expired = server.call("GET", WIDGETS, None, {"limit": "2", "continue": token})
    assert (expired.status, expired.body["reason"], expired.body["message"]) == (410, "Expired", TOKEN_EXPIRED)
    rest = page(server, limit="2", continue_=expired.body["metadata"]["continue"])
    assert names(rest) == ["bb", "c"]


@pytest.mark.parametrize("token", ["x", "e30", "eyJ2IjoidjIiLCJydiI6MSwic3RhcnQiOiJhIn0"])
def test_a_token_nobody_gave_out_is_refused(server: Server, token: str) -> None:
    answer = server.call("GET", WIDGETS, None, {"continue": token})
    assert answer.status == 400
    assert "invalid continue token: continue key is not valid" in answer.body["message"]


def test_a_list_at_an_exact_revision_shows_the_past(server: Server) -> None:
    then = page(server)["metadata"]["resourceVersion"]
    server.call("DELETE", f"{WIDGETS}/a")
    server.create("z")
    past = page(server, resourceVersion=then, resourceVersionMatch="Exact")
    assert (names(past), past["metadata"]["resourceVersion"]) == (list("abcdef"), then)
    newest = page(server, resourceVersion=then, resourceVersionMatch="NotOlderThan")
    assert names(newest) == list("bcdefz")
    legacy = page(server, resourceVersion=then, limit="9")
    assert names(legacy) == list("abcdef")


def test_an_exact_revision_outside_history_is_expired_and_a_future_one_too_large(server: Server) -> None:
    then = page(server)["metadata"]["resourceVersion"]
    server.create("z")
    server.api.storage.expire_history()
    query = {"resourceVersion": then, "resourceVersionMatch": "Exact"}
    gone = server.call("GET", WIDGETS, None, query)
    assert (gone.status, gone.body["message"]) == (410, LIST_EXPIRED)
    future = server.call("GET", WIDGETS, None, {"resourceVersion": "99999"})
    assert (future.status, future.body["reason"]) == (504, "Timeout")
    assert future.body["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"


def test_revision_zero_is_answered_whole_even_with_a_limit(server: Server) -> None:
    assert names(page(server, resourceVersion="0", limit="2")) == list("abcdef")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"resourceVersionMatch": "Exact"}, "forbidden unless resourceVersion is provided"),
        ({"resourceVersionMatch": "Exact", "resourceVersion": "0"}, 'forbidden for resourceVersion "0"'),
        ({"resourceVersionMatch": "Sometimes", "resourceVersion": "1"}, "Unsupported value"),
        ({"sendInitialEvents": "true"}, "sendInitialEvents is forbidden for list"),
        ({"continue": "x", "resourceVersion": "1", "resourceVersionMatch": "Exact"}, "when continue is provided"),
    ],
)
def test_options_that_contradict_each_other_are_refused(server: Server, query: dict[str, str], message: str) -> None:
    answer = server.call("GET", WIDGETS, None, query)
    assert answer.status == 422
    assert message in answer.body["message"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"labelSelector": "n in (1,3)"}, ["b", "d"]),
        ({"labelSelector": "n!=1,n!=3,n"}, ["a", "c", "e", "f"]),
        ({"labelSelector": "!n"}, []),
        ({"fieldSelector": "metadata.name=c"}, ["c"]),
        ({"fieldSelector": "metadata.name!=c,metadata.namespace=default"}, ["a", "b", "d", "e", "f"]),
        ({"fieldSelector": "spec.image=odd"}, ["b", "d", "f"]),
        ({"fieldSelector": "spec.image=odd", "labelSelector": "n=3"}, ["d"]),
    ],
)
def test_selectors_select(server: Server, query: dict[str, str], expected: list[str]) -> None:
    assert names(server.call("GET", ALL_WIDGETS, None, query).body) == expected


def test_pages_of_a_selection_skip_what_does_not_match(server: Server) -> None:
    first = server.call("GET", WIDGETS, None, {"fieldSelector": "spec.image=odd", "limit": "2"}).body
    assert names(first) == ["b", "d"]
    assert "remainingItemCount" not in first["metadata"]
    query = {"fieldSelector": "spec.image=odd", "limit": "2", "continue": first["metadata"]["continue"]}
    assert names(server.call("GET", WIDGETS, None, query).body) == ["f"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"fieldSelector": "spec.nothing=1"}, "field label not supported: spec.nothing"),
        ({"labelSelector": "a in (b"}, "unable to parse requirement: found '', expected: ',' or ')'"),
        ({"labelSelector": "a,,b"}, "found ',', expected: identifier after ','"),
        ({"fieldSelector": "metadata.name"}, "invalid selector: 'metadata.name'; can't understand 'metadata.name'"),
    ],
)
def test_a_selector_that_is_none_is_refused_in_the_servers_words(
    server: Server, query: dict[str, str], message: str
) -> None:
    answer = server.call("GET", WIDGETS, None, query)
    assert (answer.status, answer.body["message"]) == (400, message)


def test_items_of_typed_lists_carry_no_kind_and_those_of_custom_ones_do(server: Server) -> None:
    server.call("POST", CONFIG_MAPS, config_map("c"))
    typed = server.call("GET", CONFIG_MAPS).body
    assert (typed["kind"], set(typed["items"][0])) == ("ConfigMapList", {"metadata", "data"})
    custom = page(server)
    assert (custom["kind"], custom["items"][0]["kind"]) == ("WidgetList", "Widget")
