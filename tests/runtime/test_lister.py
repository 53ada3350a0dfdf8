"""Listers: reads of a cache as the server would answer them, without the server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kubewright.errors import KubewrightError, NotFound
from kubewright.informer import SharedInformer
from kubewright.lister import ClusterLister, NamespacedLister
from kubewright.objects import LabelSelector, LabelSelectorRequirement
from kubewright.selectors import LabelSelectorLike, SelectorError
from kubewright.testing.source import ScriptedServer
from tests.runtime.informers import Widget, name_of, synced


@pytest.fixture
def running() -> Iterator[SharedInformer[Widget]]:
    server = ScriptedServer()
    server.add("ax", "one", labels={"app": "a", "env": "x"})
    server.add("ay", "one", labels={"app": "a", "env": "y"})
    server.add("bx", "two", labels={"app": "b", "env": "x", "tier": "7"})
    server.add("none", "two")
    with synced(server.source()) as made:
        yield made


@pytest.mark.parametrize(
    ("selector", "wanted"),
    [
        (None, "ax ay bx none"),
        ("", "ax ay bx none"),
        ("app==a", "ax ay"),
        ("app=a,env=x", "ax"),
        ("app in (a)", "ax ay"),
        ("app in (a, b),env=x", "ax bx"),
        ("app", "ax ay bx"),
        ("!app", "none"),
        ("app!=a", "bx none"),
        ("app notin (a)", "bx none"),
        ("tier>5", "bx"),
        ("tier<5", ""),
        ({"app": "a", "env": "y"}, "ay"),
        (LabelSelector(match_expressions=[LabelSelectorRequirement(key="env", operator="In", values=["y"])]), "ay"),
    ],
)
def test_selectors_are_those_of_the_server(
    running: SharedInformer[Widget], selector: LabelSelectorLike, wanted: str
) -> None:
    # C1: app==a returned everything, app!=a nothing (L5)
    assert sorted(map(name_of, running.lister.list(selector))) == wanted.split()


def test_a_malformed_selector_is_an_error_not_an_empty_list(running: SharedInformer[Widget]) -> None:
    with pytest.raises(SelectorError):
        running.lister.list("app in a")


def test_a_namespace_lister_reads_its_namespace(running: SharedInformer[Widget]) -> None:
    # client-go: TestListAll (L4)
    lister = NamespacedLister(running.cache)
    assert sorted(map(name_of, lister("two").list("env=x"))) == ["bx"]
    assert name_of(lister("one").get("ax")) == "ax"
    with pytest.raises(NotFound, match=r'widgets.example.com "ax" not found'):
        lister("two").get("ax")


def test_a_cluster_lister_gets_by_name() -> None:
    server = ScriptedServer()
    server.add("zone", namespace="")
    with synced(server.source()) as made:
        assert name_of(ClusterLister(made.cache).get("zone")) == "zone"


def test_indexes_are_read_through_the_lister(running: SharedInformer[Widget]) -> None:
    running.add_indexers({"app": lambda obj: [(obj.metadata.labels or {}).get("app", "")] if obj.metadata else []})
    lister = running.lister
    assert sorted(map(name_of, lister.by_index("app", "a"))) == ["ax", "ay"]
    assert lister.indexed_values("app") == ["", "a", "b"]
    with pytest.raises(KubewrightError, match="index 'color' does not exist"):
        lister.by_index("color", "red")


def test_what_a_lister_hands_out_belongs_to_the_reader(running: SharedInformer[Widget]) -> None:
    # O9 (L2: shared pointers)
    first = running.lister("one").get("ax")
    assert first.metadata is not None
    assert first.metadata.labels is not None
    first.metadata.labels["app"] = "spoilt"
    assert [name_of(obj) for obj in running.lister.list("app=spoilt")] == []
    again = running.lister("one").get("ax")
    assert again.metadata is not None
    assert again.metadata.labels == {"app": "a", "env": "x"}


def test_a_lister_has_a_length_and_keys(running: SharedInformer[Widget]) -> None:
    assert (len(running.lister), len(running.lister.keys())) == (4, 4)
