"""Every chapter again, now with the package in the place of the cells that build it.

The notebooks' own test runs all cells as a reader does. Here exported cells are not
run: their names come from the generated modules, so that the examples prove the
package, too. An exercise is run twice: unsolved it must fail, with the book's answer
it must pass.
"""

from __future__ import annotations

import ast
import importlib
import linecache
import re
import sys

import matplotlib
import matplotlib.pyplot as plt
import pytest

from tools import names
from tools.chapters import NOTEBOOKS, PACKAGE, ROOT, Cell, Chapter, paths, read

ANSWERS = ROOT / "book" / "answers"
ANSWER = re.compile(r"(?ms)^:+\{solution\} (ex-[\w-]+)$.*?^```python\n(.*?)^```$")
# They give no value to compare, and are tried in their chapters by what they do. The
# `Ref` forms of control flow share the kernels of the plain ones.
NOT_BY_CHECK = {"Print", "TensorArrayCloseV3"}
CHECKED: dict[str, set[str]] = {}  # chapter -> the op types that its checks ran
LABEL = re.compile(r"(?m)^:label: *(ex-[\w-]+) *$")


def answers(chapter: Chapter) -> dict[str, str]:
    """The code of each answer, by the label of its exercise."""
    path = ANSWERS / f"{chapter.name}.md"
    found = ANSWER.findall(path.read_text("utf-8")) if path.exists() else []
    assert len(dict(found)) == len(found), f"{path.name} answers an exercise twice"
    return dict(found)


def exercise(cell: Cell) -> str:
    """The label of the exercise that a cell belongs to."""
    above = cell.chapter.text.split("\n")[: cell.line]
    labels = LABEL.findall("\n".join(above))
    assert labels, f"{cell.place}: tagged exercise, below no exercise"
    return labels[-1]


def take_from_package(cell: Cell, space: dict):
    """Give an exported cell's names the meaning that they have in the package."""
    module = importlib.import_module(f"{PACKAGE}.{cell.module}")
    for node in cell.tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            exec(ast.unparse(node), space)
        for name in names.defined(node):
            if hasattr(module, name):  # methods of growing classes are not there
                space[name] = getattr(module, name)


def run(cell: Cell, space: dict):
    """Run a cell under the kind of file name that it has in a notebook."""
    name = f"/tmp/ipykernel_0/{cell.number}.py"
    lines = [f"{line}\n" for line in cell.source.split("\n")]
    linecache.cache[name] = len(cell.source), None, lines, name
    try:
        exec(compile(cell.source, name, "exec"), space)
    except Exception as error:
        error.add_note(f"in {cell.place}")
        raise


def fails(cell: Cell, space: dict) -> bool:
    try:
        run(cell, space)
    except Exception:
        return True
    return False


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_chapter(path, monkeypatch):
    for name in [n for n in sys.modules if n.split(".")[0] == PACKAGE]:
        monkeypatch.delitem(sys.modules, name)  # each chapter gets a fresh package
    monkeypatch.chdir(NOTEBOOKS)
    matplotlib.use("agg")
    chapter, history = read(path), [""]
    solved, space = answers(chapter), {"__name__": "__main__", "In": history}
    for cell in chapter.cells:
        history.append(cell.source)
        if cell.module:
            take_from_package(cell, space)
        elif "exercise" in cell.tags:
            label = exercise(cell)
            assert fails(cell, space), f"{cell.place}: passes before it is solved"
            assert label in solved, f"{label} has no answer in book/answers"
            exec(compile(solved.pop(label), f"answer to {label}", "exec"), space)
        elif "raises-exception" in cell.tags:
            # It may pass here: a class is whole from the start in the package.
            cell.tree is None or fails(cell, space)
        elif cell.tree:
            run(cell, space)
    plt.close("all")
    matplotlib.rcdefaults()
    for label, code in solved.items():  # exercises that ask for words or a drawing
        exec(compile(code, f"answer to {label}", "exec"), space)
    testing = sys.modules.get(f"{PACKAGE}.core.testing")
    CHECKED[path.stem] = testing.CHECKED if testing else set()


def test_every_op_is_checked():
    """By `check`, in a chapter; this needs all chapters to have run in this process."""
    missing = {path.stem for path in paths()} - CHECKED.keys()
    if missing:
        pytest.skip(f"did not run: {', '.join(sorted(missing))}")
    importlib.import_module(PACKAGE)
    rows = importlib.import_module(f"{PACKAGE}.core.graph").ROWS
    ours = {n for n, row in rows.items() if row.kernel.__module__.startswith(PACKAGE)}
    unchecked = ours - set().union(*CHECKED.values()) - NOT_BY_CHECK
    assert [name for name in sorted(unchecked) if not name.startswith("Ref")] == []
