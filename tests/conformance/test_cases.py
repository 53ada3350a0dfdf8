"""Every case on the embedded server, on the real one, and the two sets of answers beside each other."""

from __future__ import annotations

import pytest

from tests.conformance.catalog import Case, all_cases
from tests.conformance.runner import Runner, differences

pytestmark = pytest.mark.conformance
cases = pytest.mark.parametrize("case", [pytest.param(each, id=each.id) for each in all_cases()])


@cases
def test_holds_on_embedded(case: Case, embedded_runner: Runner) -> None:
    embedded_runner.run(case)


@cases
def test_holds_on_real(case: Case, real_runner: Runner) -> None:
    real_runner.run(case)


@cases
def test_answers_are_the_same(case: Case, embedded_runner: Runner, real_runner: Runner) -> None:
    embedded, _ = embedded_runner.outcome(case)
    real, _ = real_runner.outcome(case)
    found = differences(embedded, real)
    if found:
        pytest.fail(f"the embedded server is wrong (- real, + embedded):\n{found}", pytrace=False)
