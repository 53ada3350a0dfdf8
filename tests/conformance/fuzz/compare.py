"""Running one sequence on both servers, finding where they part, and shortening the sequence that shows it."""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.fuzz.executor import Session
from tests.conformance.fuzz.explained import GO_VALIDATION, accepted_by_us_only, explanation
from tests.conformance.fuzz.kinds import Kind
from tests.conformance.fuzz.operations import Operation, Operations
from tests.conformance.rawhttp import Endpoint
from tests.conformance.runner import differences

_SEQUENCE_LENGTH = 20
_SHORTENING_TRIES = 25
_namespaces = itertools.count(1)


@dataclass(frozen=True)
class Difference:
    """Where the servers parted: the shortest sequence found that shows it, and the last answers as a diff."""

    kind: Kind
    operations: tuple[Operation, ...]
    diff: str
    signature: str

    def __str__(self) -> str:
        steps = "\n".join(f"  {json.dumps(operation)}" for operation in self.operations)
        return f"{self.kind.kind} ({self.kind.api_version}): {self.signature}\n{steps}\n{self.diff}"


@dataclass
class Report:
    """What a run has shown."""

    seed: int
    operations: int = 0
    sequences: int = 0
    differences: dict[str, Difference] = field(default_factory=dict)
    """Unexplained ones, one for each signature."""
    counts: dict[str, int] = field(default_factory=dict)
    explained: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"seed {self.seed}: {self.operations} operations in {self.sequences} sequences"]
        lines += [f"explained, {count} times: {text}" for text, count in sorted(self.explained.items())]
        for signature, difference in sorted(self.differences.items(), key=lambda each: -self.counts[each[0]]):
            lines.append(f"\n=== {self.counts[signature]} times: {difference}")
        lines.append(f"\n{len(self.differences)} unexplained kinds of difference")
        return "\n".join(lines)


def fuzz(
    embedded: Endpoint,
    real: Endpoint,
    kinds: Sequence[Kind],
    *,
    seed: int,
    operations: int,
    shorten: bool = True,
    say: Callable[[str], None] = lambda line: None,
) -> Report:
    """At least ``operations`` random operations on ``kinds``, each on both servers, compared answer by answer."""
    rng = random.Random(seed)
    report = Report(seed)
    while report.operations < operations:
        kind = rng.choice(kinds)
        make = Operations(rng, kind)
        sequence = [*(make.next() for _ in range(_SEQUENCE_LENGTH - 1)), make.watch()]
        done, found = run(embedded, real, kind, sequence, report.explained)
        report.operations += done
        report.sequences += 1
        if found is None:
            continue
        report.counts[found.signature] = report.counts.get(found.signature, 0) + 1
        if found.signature not in report.differences:
            shortest = _shortened(embedded, real, found) if shorten else found
            report.differences[found.signature] = shortest
            say(f"{report.operations}: {shortest}")
    return report


def run(
    embedded: Endpoint,
    real: Endpoint,
    kind: Kind,
    sequence: Sequence[Operation],
    explained: dict[str, int] | None = None,
) -> tuple[int, Difference | None]:
    """Run one sequence in a new namespace until the servers differ; how many operations that took, and the difference."""
    namespace = f"fuzz-{next(_namespaces)}"
    ours, theirs = (Session(endpoint, namespace, kind) for endpoint in (embedded, real))
    try:
        for number, operation in enumerate(sequence, start=1):
            if operation["verb"] == "watch":  # takes a second: both at once
                with ThreadPoolExecutor(1) as beside:
                    future = beside.submit(theirs.run, operation)
                    got, wanted = ours.run(operation), future.result()
            else:
                wanted, got = theirs.run(operation), ours.run(operation)
            if wanted != got:
                why = explanation(got, wanted)
                if why is not None:
                    if explained is not None:
                        explained[why] = explained.get(why, 0) + 1
                    continue
                if kind.builtin and accepted_by_us_only(got, wanted):
                    if explained is not None:
                        explained[GO_VALIDATION] = explained.get(GO_VALIDATION, 0) + 1
                    return number, None  # from here on the two hold different objects
                diff = differences(got, wanted)
                return number, Difference(
                    kind, tuple(sequence[:number]), diff, _signature(kind, operation, got, wanted)
                )
        return len(sequence), None
    finally:
        ours.close()
        theirs.close()


def _shortened(embedded: Endpoint, real: Endpoint, found: Difference) -> Difference:
    """Leave out operations, from the first on, as long as the same difference shows."""
    tries = 0
    number = 0
    while number < len(found.operations) - 1 and tries < _SHORTENING_TRIES:
        tries += 1
        candidate = found.operations[:number] + found.operations[number + 1 :]
        _, again = run(embedded, real, found.kind, candidate)
        if again is not None and again.signature == found.signature:
            found = again
        else:
            number += 1
    return found


def _signature(kind: Kind, operation: Operation, got: Any, wanted: Any) -> str:
    return f"{'built-in ' if kind.builtin else ''}{operation['verb']}: {_paths(got, wanted)}"


def _paths(got: Any, wanted: Any) -> str:
    """The places that differ, without numbers and names, so that one fault has one signature."""
    found: list[str] = []
    _collect(got, wanted, "", found)
    return " ".join(sorted(set(found))[:4])


def _collect(got: Any, wanted: Any, path: str, found: list[str]) -> None:
    if isinstance(got, dict) and isinstance(wanted, dict):
        for key in sorted({*got, *wanted}):
            inner = re.sub(r"^[fkv]:.*", "f:*", key) if ".fieldsV1" in path else key
            if key not in got:
                found.append(f"{path}.{inner}:missing")
            elif key not in wanted:
                found.append(f"{path}.{inner}:extra")
            else:
                _collect(got[key], wanted[key], f"{path}.{inner}", found)
    elif isinstance(got, list) and isinstance(wanted, list) and len(got) == len(wanted):
        for ours, theirs in zip(got, wanted, strict=True):
            _collect(ours, theirs, f"{path}[]", found)
    elif got != wanted:
        if path.endswith(".message") and isinstance(wanted, str):
            found.append(f"{path}={re.sub(r'[^A-Za-z ]+', '*', wanted)[:60]}")
        elif path.endswith((".status", ".reason", ".code")):
            found.append(f"{path}:{got}!={wanted}")
        else:
            found.append(path)
