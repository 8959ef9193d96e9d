"""Write `book/conformance_table.md`: every public name of the cases, aspect by aspect.

    python -m tests.conformance.table

runs all cases in pedagogy_tf first, so the table says what is, not what is hoped for.
A test compares the file with a fresh run.
"""

import pedagogy_tf as tf
from tests.conformance import harness

TABLE = harness.HERE.parent.parent / "book" / "conformance_table.md"
HEAD = """\
# Name by name

This table is written by `python -m tests.conformance.table` from a run of all the cases
in `tests/conformance`: small programs whose answers the real TensorFlow 1.15.5 gave once.
A number says in how many cases the aspect was compared and agreed. *not yet* and *differs*
have a footnote with the reason.

{cases} cases about {names} names: {agree} of {asked} comparisons agree.

| name | {aspects} |
|:--|{rule}|
"""


def report(id):
    """({aspect: what is different, or ""}, the error behind it or None) of one case."""
    case, expected = harness.load_cases()[id], harness.load_fixtures()[id]
    seen, error = harness.observe(case.program, tf)
    return harness.compare(seen, expected, case.within), error
