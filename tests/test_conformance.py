"""pedagogy_tf answers every question of the referee as TensorFlow 1.15.5 did."""

import pytest

import pedagogy_tf as tf
from tests.conformance.harness import compare, load_cases, load_fixtures, observe
from tests.conformance.table import TABLE, verdicts, write_table

CASES, FIXTURES = load_cases(), load_fixtures()


def test_cases_and_fixtures_are_the_same_set():
    assert sorted(CASES) == sorted(FIXTURES), "run tests.conformance.make_fixtures"


@pytest.mark.parametrize("id", sorted(CASES))
def test_case(id):
    case = CASES[id]
    seen, error = observe(case.program, tf)
    report = compare(seen, FIXTURES[id], case.within)
    known = {**case.differs, **case.not_yet}
    problems = [f"{aspect}:\n{text}" for aspect, text in report.items() if text and aspect not in known]
    problems += [f"{aspect} agrees by now: drop the note" for aspect in known if not report.get(aspect)]
    if problems:
        raise AssertionError("\n".join(problems)) from error
