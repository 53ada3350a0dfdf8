"""The list of conformance cases: plain functions that run against whichever server they are given."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.conformance.api import Api

_CASES: dict[str, Case] = {}


@dataclass(frozen=True)
class Case:
    """A promise of the API, and the requests that show it."""

    subject: str
    promise: str
    run: Callable[[Api], None]

    @property
    def id(self) -> str:
        return f"{self.subject}: {self.promise}"

    @property
    def namespace(self) -> str:
        """The same on every server, because it appears in the answers; no other case's."""
        number = list(_CASES).index(self.id)
        return f"case-{number}-" + re.sub(r"[^a-z0-9]+", "-", self.promise.lower())[:40].strip("-")


def case(promise: str) -> Callable[[Callable[[Api], None]], Callable[[Api], None]]:
    """Make a function a case. ``promise`` completes the sentence "the server …"."""

    def add(run: Callable[[Api], None]) -> Callable[[Api], None]:
        found = Case(run.__module__.rpartition(".")[2], promise, run)
        assert found.id not in _CASES, f"two cases are called {found.id!r}"
        _CASES[found.id] = found
        return run

    return add


def all_cases() -> list[Case]:
    package = importlib.import_module("tests.conformance.cases")
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda each: each.name):
        importlib.import_module(f"tests.conformance.cases.{module.name}")
    return list(_CASES.values())
