"""String formats as Go's parsers see them."""

from __future__ import annotations

import pytest

from kubewright.validation.formats import matches_format

GOOD = [
    ("date-time", "2026-11-24T18:00:00Z"),
    ("date-time", "2026-11-24T18:00:00.123+02:00"),
    ("date", "2024-02-29"),
    ("duration", "1h30m"),
    ("duration", "2 days"),  # Scala's notation
    ("byte", "aGFsbG8="),
    ("uri", "https://example.com/a?b=c"),
    ("uri", "/absolute/path"),
    ("email", "a@example.com"),
    ("hostname", "node-1.example.com"),
    ("ipv4", "10.0.0.1"),
    ("ipv6", "::1"),
    ("cidr", "10.0.0.0/8"),
    ("mac", "01:23:45:67:89:ab"),
    ("uuid", "6ba7b8109dad11d180b400c04fd430c8"),
    ("hexcolor", "#FFF"),
    ("k8s-short-name", "my-name"),
    ("never-heard-of", "anything"),
]
BAD = [
    ("date-time", "2026-11-24"),
    ("date-time", "2026-11-24T25:00:00Z"),
    ("date", "2023-02-29"),
    ("duration", "soon"),
    ("byte", "aGFsbG8"),
    ("uri", "no scheme"),
    ("email", "example.com"),
    ("ipv4", "10.0.0"),
    ("ipv4", "::1"),
    ("ipv6", "10.0.0.1"),
    ("cidr", "10.0.0.0/33"),
    ("mac", "01:23"),
    ("uuid4", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
    ("hexcolor", "#GGG"),
    ("k8s-short-name", "Upper"),
    ("k8s-long-name", "-a.b"),
]


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_accepts(name: str, value: str) -> None:
    assert matches_format(name, value)


@pytest.mark.parametrize(("name", "value"), BAD)
def test_refuses(name: str, value: str) -> None:
    assert not matches_format(name, value)
