"""pedagogy_tf answers every question of the referee as TensorFlow 1.15.5 did."""

import pytest

from tests.conformance.harness import load_cases, load_fixtures
from tests.conformance.table import TABLE, complaints, report, table

# TensorFlow's old names say so, and the cases use them all the same.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_every_case_has_its_fixture():
    """After a change of the cases: python3.7 -m tests.conformance.make_fixtures."""
    assert sorted(load_cases()) == sorted(load_fixtures())


@pytest.mark.parametrize("id", sorted(load_cases()))
def test_case(id):
    said = complaints(id)
    if said:
        raise AssertionError("\n".join([id, *said])) from report(id)[1]


def test_the_table_in_the_book_is_up_to_date():
    """After a change: make table."""
    assert table() == TABLE.read_text(encoding="utf8")
