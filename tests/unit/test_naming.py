"""Names: what a reader of a CRD would call things, and never a number of our own."""

from __future__ import annotations

import keyword
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.plan import naming


@pytest.mark.parametrize(
    ("wire", "attribute"),
    [
        ("image", "image"),
        ("cronSpec", "cron_spec"),
        ("podIPs", "pod_ips"),
        ("externalIPs", "external_ips"),
        ("certSANs", "cert_sans"),
        ("allowedCIDRs", "allowed_cidrs"),
        ("clusterIP", "cluster_ip"),
        ("tLSConfig", "tls_config"),
        ("mTLS", "mtls"),
        ("DNSPreferIPv4", "dns_prefer_ipv4"),
        ("openAPIV3Schema", "open_api_v3_schema"),
        ("URLScheme", "url_scheme"),
        ("HTTPGet", "http_get"),
        ("EC2Instance", "ec2_instance"),
        ("sha256Sum", "sha256_sum"),
        ("x509SVID", "x509_svid"),
        ("source_labels", "source_labels"),
        ("x-kubernetes-validations", "x_kubernetes_validations"),
        ("$ref", "ref"),
        ("_id", "id"),
        ("2fa", "field_2fa"),
        ("a.b/c", "a_b_c"),
        ("größe", "größe"),
        ("名前", "名前"),
        ("...", "field"),
        ("", "field"),
    ],
)
def test_attribute_name_is_what_a_reader_would_write(wire: str, attribute: str) -> None:
    assert naming.snake_case(wire) == attribute


@pytest.mark.parametrize(
    ("wire", "single"),
    [
        ("containers", "container"),
        ("policies", "policy"),
        ("addresses", "address"),
        ("matches", "match"),
        ("caches", "cache"),
        ("hostAliases", "hostAlias"),
        ("statuses", "status"),
        ("shardStatuses", "shardStatus"),
        ("status", "status"),
        ("ingress", "ingress"),
        ("podIPs", "podIP"),
        ("dns", "dns"),
        ("remoteWrite", "remoteWrite"),
        ("series", "series"),
    ],
)
def test_items_of_a_list_are_called_in_the_singular(wire: str, single: str) -> None:
    assert naming.singular(wire) == single


def test_class_name_keeps_the_inside_of_words() -> None:
    assert naming.pascal_case("tlsConfig") == "TlsConfig"
    assert naming.pascal_case("HTTPRoute") == "HTTPRoute"
    assert naming.pascal_case("2fa") == "Field2fa"


def test_keywords_and_reserved_names_get_an_underscore() -> None:
    names = naming.attribute_names(["from", "class", "list", "image"], reserved=frozenset({"list"}))
    assert names == {"from": "from_", "class": "class_", "list": "list_", "image": "image"}


def test_colliding_names_get_underscores_in_the_order_of_their_wire_names() -> None:
    assert naming.attribute_names(["fooBar", "FooBar", "foo-bar"]) == {
        "FooBar": "foo_bar",
        "foo-bar": "foo_bar_",
        "fooBar": "foo_bar__",
    }


def test_a_wire_name_that_is_its_own_attribute_name_keeps_it() -> None:
    assert naming.attribute_names(["fooBar", "foo_bar"]) == {"foo_bar": "foo_bar", "fooBar": "foo_bar_"}


@given(st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=12))
def test_attribute_names_are_valid_distinct_and_independent_of_order(wires: list[str]) -> None:
    names = naming.attribute_names(wires)
    assert len(set(names.values())) == len(wires)
    assert all(name.isidentifier() and not keyword.iskeyword(name) for name in names.values())
    assert naming.attribute_names(reversed(wires)) == names


@given(st.text(max_size=12), st.text(max_size=12))
def test_a_class_is_never_called_like_an_attribute(one: str, other: str) -> None:
    assert naming.pascal_case(one) != naming.snake_case(other)
    assert naming.pascal_case(one)[0].isupper()


@given(st.text(alphabet=string.ascii_letters + string.digits + "_-$.", min_size=1, max_size=20))
def test_no_number_is_invented(wire: str) -> None:
    digits = [c for c in wire if c.isdigit()]
    assert [c for c in naming.snake_case(wire) if c.isdigit()] == digits
    assert [c for c in naming.pascal_case(wire) if c.isdigit()] == digits


def test_group_is_called_by_its_first_label() -> None:
    assert naming.group_labels(["stable.example.com"], frozenset()) == {"stable.example.com": "stable"}


def test_every_group_of_a_clash_is_lengthened() -> None:
    labels = naming.group_labels(["networking.istio.io", "networking.gke.io", "a.b"], frozenset())
    assert labels == {
        "networking.istio.io": "networking.istio.io",
        "networking.gke.io": "networking.gke.io",
        "a.b": "a",
    }
    assert naming.module_name(labels["networking.istio.io"], "v1") == "networking_istio_io_v1"


def test_a_group_that_starts_like_a_built_in_one_is_lengthened() -> None:
    assert naming.group_labels(["apps.example.com"], frozenset({"apps"})) == {"apps.example.com": "apps.example.com"}


def test_a_pinned_group_keeps_its_name() -> None:
    pins = {"networking.istio.io": "istio"}
    assert naming.group_labels(["networking.istio.io"], frozenset({"networking"}), pins) == {
        "networking.istio.io": "istio"
    }


@pytest.mark.parametrize(
    ("kind", "client"),
    [
        ("TsTest", "TsTests"),
        ("Policy", "Policies"),
        ("Gateway", "Gateways"),
        ("Ingress", "Ingresses"),
        ("Prometheus", "Prometheuses"),
        ("Endpoints", "AllEndpoints"),
    ],
)
def test_client_of_all_objects_is_the_plural(kind: str, client: str) -> None:
    assert naming.plural_class(kind) == client


def test_kind_in_lower_case_becomes_a_class_name() -> None:
    assert naming.kind_class("postgresql") == "Postgresql"
