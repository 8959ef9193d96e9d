"""Write `book/conformance_table.md`: every public name of the cases, aspect by aspect.

`make table` runs all cases in pedagogy_tf first, so the table says what is, not what is
hoped for. A test compares the file with a fresh run.
"""

import functools
import sys

import pedagogy_tf as tf
from tests.conformance import harness

TABLE = harness.HERE.parent.parent / "book" / "conformance_table.md"
HEAD = """\
Made by `make table` from a run of {cases} small programs whose answers the real
TensorFlow 1.15.5 gave once. {agree} of {asked} comparisons agree. A number counts the
programs in which this aspect of this name agrees; where one does not, a note says why.
"""
MISSING = "Not built yet."  # how a case as a whole says why it does not agree


@functools.cache
def report(id):
    """({aspect: what is different, or ""}, the error behind it or None) of one case."""
    case, expected = harness.load_cases()[id], harness.load_fixtures()[id]
    seen, error = harness.observe(case.program, tf)
    return harness.compare(case, seen, expected), error


def verdicts(id):
    """{aspect: "agrees", "differs: why", "not yet: why" or "fails"} of one case."""
    case, found = harness.load_cases()[id], {}
    differences = report(id)[0]
    if isinstance(case.not_yet, str) and any(differences.values()):
        return dict.fromkeys(differences, "not yet: " + case.not_yet)
    for aspect, problem in differences.items():
        if not problem:
            found[aspect] = "agrees"
        elif aspect in case.differs:
            found[aspect] = "differs: " + case.differs[aspect]
        elif aspect in case.not_yet:
            found[aspect] = "not yet: " + case.not_yet[aspect]
        else:
            found[aspect] = "fails"
    return found


def complaints(id):
    """What a test has to say about one case: [] when all is as declared."""
    case, (differences, _), found = harness.load_cases()[id], report(id), verdicts(id)
    said = [f"{a}:\n{differences[a]}" for a in found if found[a] == "fails"]
    if isinstance(case.not_yet, str):
        notes = ["the case"] if set(found.values()) == {"agrees"} else []
    else:
        declared = [*case.differs, *case.not_yet]
        notes = [a for a in declared if found.get(a, "agrees") == "agrees"]
    return said + [f"{what} agrees by now: drop its note" for what in notes]


def cell(results, notes):
    """One cell: how many cases agree, and the notes on the others."""
    agree = sum(r == "agrees" for r in results)
    others = dict.fromkeys(r for r in results if r != "agrees")
    marks = "".join(f"[^c{notes.setdefault(r, len(notes) + 1)}]" for r in others)
    words = " ".join(dict.fromkeys(r.partition(":")[0] for r in others))
    return " ".join(filter(None, [str(agree or ""), words + marks]))


def section(file, ids, notes):
    """The heading, the table and the list of what is missing, for one file of cases."""
    title = sys.modules["tests.conformance.cases." + file].__doc__.splitlines()[0]
    lines = ["| name | " + " | ".join(harness.ASPECTS) + " |"]
    lines += ["|:--|" + ":-:|" * len(harness.ASPECTS)]
    missing = []
    for name in sorted({n for id in ids for n in harness.load_cases()[id].api}):
        mine = [verdicts(id) for id in ids if name in harness.load_cases()[id].api]
        results = {result for found in mine for result in found.values()}
        if results == {"not yet: " + MISSING}:
            missing.append(f"`{name}`")
            continue
        cells = [cell([v[a] for v in mine if a in v], notes) for a in harness.ASPECTS]
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    parts = [f"## {title.rstrip('.')}\n"]
    parts += ["\n".join(lines) + "\n"] if len(lines) > 2 else []
    parts += [f"Not built yet: {', '.join(missing)}.\n"] if missing else []
    return "\n".join(parts)


def table():
    """The whole page."""
    files, notes = {}, {}
    for id in sorted(harness.load_cases()):
        files.setdefault(id.partition("/")[0], []).append(id)
    sections = [section(file, ids, notes) for file, ids in files.items()]
    results = [v for id in harness.load_cases() for v in verdicts(id).values()]
    head = HEAD.format(
        cases=len(harness.load_cases()),
        agree=results.count("agrees"),
        asked=len(results),
    )
    foot = [(i, note.partition(": ")[2] or note) for note, i in notes.items()]
    foot = "".join(f"[^c{i}]: {text}\n" for i, text in foot)
    return "\n".join([head, *sections, foot])


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf8")
