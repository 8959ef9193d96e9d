"""The machine itself: what it makes of a chapter, and every chapter it refuses."""

from __future__ import annotations

import ast
import textwrap

import nbformat
import pytest

from tools import chapters, check, export, names, notebook, size, style

DOC = '"""Something."""\n'


def chapter(folder, name, *cells, head="# A title\n\n## A section\n"):
    """Plant a chapter; a cell is its source, with tags in front after a `|`."""
    text = head
    for cell in cells:
        text += f"\n```{{code-cell}} ipython3\n{textwrap.dedent(cell).strip()}\n```\n"
    path = folder / f"{name}.md"
    path.write_text(text, "utf-8")
    return chapters.read(path)


def build(folder, *cells):
    """The modules of one planted chapter."""
    return export.build([chapter(folder, "05_graph", *cells)])


def graph(*cells):
    """Cells that export to core.graph; the first gets a docstring."""
    first, *rest = cells
    return [f"#| export core.graph\n{DOC}{first}"] + [
        f"#| export core.graph\n{cell}" for cell in rest
    ]


# ---- what a module looks like


def test_a_module_is_its_cells_word_for_word(tmp_path):
    cells = (
        """
        #| default_exp core.graph
        #| export
        \"\"\"A program on paper.

        It is append-only.
        \"\"\"
        import numpy as np
        import itertools

        SIZE = np.int32(3)  # a size


        class Graph:
            \"\"\"A list of operations.\"\"\"

            def __init__(self, name: str):
                self.name = name
        """,
        """
        Graph("tried, not exported")
        """,
        """
        #| export
        # a comment that stays
        @extends(Graph)
        @property
        def operations(self):
            \"\"\"All of them,
            in order.
            \"\"\"
            text = \"\"\"
        not indented\"\"\"
            return [self.name, text]
        """,
        """
        #| export
        def rule(op):
            \"\"\"Attach.\"\"\"
            return op


        @rule
        def _(op, dy):
            return dy


        @rule
        def _(op, dy):
            return op


        rule.shape = SIZE
        rule(SIZE)
        """,
    )
    expected = '''
        """A program on paper.

        It is append-only.
        """

        # Generated from book/source/05_graph.md: change it there, then `make export`.

        from __future__ import annotations

        import numpy as np

        __all__ = ["SIZE", "Graph", "rule"]


        ## A section

        SIZE = np.int32(3)  # a size


        class Graph:
            """A list of operations."""

            def __init__(self, name: str):
                self.name = name

            # a comment that stays
            @property
            def operations(self):
                """All of them,
                in order.
                """
                text = """
        not indented"""
                return [self.name, text]


        def rule(op):
            """Attach."""
            return op


        @rule
        def _(op, dy):
            return dy


        @rule
        def _(op, dy):
            return op


        rule.shape = SIZE
        rule(SIZE)
        '''
    texts = build(tmp_path, *cells)
    assert list(texts) == ["pedagogy_tf/core/graph.py"]
    wanted = textwrap.dedent(expected).lstrip()
    wanted = wanted.replace("\nnot indented", "\nnot indented")
    assert texts["pedagogy_tf/core/graph.py"] == wanted


def test_modules_of_one_chapter_find_each_other(tmp_path):
    cells = [
        *graph("class Graph:\n    pass"),
        f"#| export core.op\n{DOC}def op(name):\n    return Graph()",
    ]
    texts = build(tmp_path, *cells)
    wanted = "from pedagogy_tf.core.graph import Graph\n"
    assert wanted in texts["pedagogy_tf/core/op.py"]


def test_imports_are_those_of_the_chapter_that_the_module_uses(tmp_path):
    first = """import os, sys
from itertools import chain, count
A = [sys, count, chain]"""
    text = build(tmp_path, "import json\nimport re as r", *graph(first, "B = r"))
    head = text["pedagogy_tf/core/graph.py"]
    assert "import re as r\nimport sys\nfrom itertools import chain, count\n" in head
    assert "json" not in head and "os" not in head


CODE = """
A: int = {n: m for n, (m, _) in B.items()}
class C(D):
    x = [k for k in E]
    y = x
    def f(self, z=F) -> G:
        h = lambda w: (w, z, I)
        return [q for q in h]
try:
    import J
except K as error:
    pass
"""


def test_names_that_code_defines_and_uses():
    nodes = ast.parse(CODE).body
    assert [names.defined(node) for node in nodes] == [["A"], ["C"], ["J", "error"]]
    assert names.used(CODE) - names.KNOWN == {"B", "D", "E", "F", "G", "I", "K"}


def test_import_lines_are_as_ruff_sorts_them():
    meant = {n: names_import("pedagogy_tf.core.dtypes", n) for n in ("int8", "int16")}
    meant |= {n: names_import("pedagogy_tf.core.dtypes", n) for n in ("DType", "MAX")}
    meant |= {"np": names_import("numpy", None), "re": names_import("re", None)}
    assert names.import_lines(meant, 88) == [
        "import re",
        "import numpy as np",
        "from pedagogy_tf.core.dtypes import MAX, DType, int8, int16",
    ]


def names_import(origin, member):
    return names.Import(origin, member)


def test_conditional_imports_are_not_public(tmp_path):
    cell = "try:\n    import cupy\nexcept ImportError:\n    cupy = None\nHAS = [cupy]"
    text = build(tmp_path, *graph(cell))["pedagogy_tf/core/graph.py"]
    assert '__all__ = ["HAS"]' in text


def test_code_cells_are_found_where_they_are(tmp_path):
    text = """\
        # Title

        ````{note}
        ```{code-cell} ipython3
        not_a_cell
        ```
        ## not a heading
        ````

        ```{code-cell} ipython3
        ---
        tags: [a-tag, b]
        ---
        x = 1
        ```

        :::{tip}
        ## neither
        :::

        ### Deep

        ```{code-cell} ipython3
        :tags: [raises-exception]

        #| export core.graph
        # ## a comment
        y = 1
        ```
        """
    path = tmp_path / "05_graph.md"
    path.write_text(textwrap.dedent(text), "utf-8")
    one, two = chapters.read(path).cells
    assert (one.line, one.tags, one.section) == (14, ["a-tag", "b"], "# Title")
    assert (two.line, two.tags, two.section) == (27, ["raises-exception"], "### Deep")
    assert (one.source, one.module) == ("x = 1", None)
    assert (two.source, two.module) == ("# ## a comment\ny = 1", "core.graph")


# ---- what is refused; each message says where, what, and how to mend it

GROWN = "class A:\n    x = 1\n\n    def f(self):\n        return 1"
REFUSED = {
    "a name defined twice": (
        graph("def f():\n    return 1", "def f():\n    return 2"),
        "f is already defined at book/source/05_graph.md:8 (code cell 1)",
    ),
    "a variable defined twice": (
        graph("LIMIT = 1", "LIMIT = 2"),
        "LIMIT is already defined",
    ),
    "a name defined in two modules of a chapter": (
        [*graph("A = 1"), f"#| export core.op\n{DOC}A = 2"],
        "A is already defined",
    ),
    "a method woven twice": (
        graph(GROWN, *["@extends(A)\ndef g(self):\n    return 1"] * 2),
        "A.g is already defined",
    ),
    "a method woven over one in the class": (
        graph(GROWN, "@extends(A)\ndef f(self):\n    return 2"),
        "A.f is already defined",
    ),
    "extends without its class": (
        graph("x = 1", "@extends(A)\ndef f(self):\n    return 2"),
        "@extends(A): no cell above exports the class to core.graph",
    ),
    "extends before its class": (
        graph("@extends(A)\ndef f(self):\n    return 2", GROWN),
        "@extends(A): no cell above exports the class",
    ),
    "extends of a class that only tries show": (
        [GROWN, *graph("@extends(A)\ndef g(self):\n    return 2")],
        "@extends(A): no cell above exports the class",
    ),
    "extends in another module": (
        [*graph(GROWN), f"#| export core.op\n{DOC}@extends(A)\ndef g(self):\n    pass"],
        "@extends(A): no cell above exports the class to core.op",
    ),
    "an import from a module that the chapter builds": (
        [*graph("A = 1"), "from pedagogy_tf.core.graph import A"],
        "fetches a second copy",
    ),
    "a whole module that the chapter builds": (
        [*graph("A = 1"), "from pedagogy_tf.core import graph"],
        "fetches a second copy",
    ),
    "an import from nowhere": (
        graph("from pedagogy_tf.core.none import A\nB = A"),
        "imports from pedagogy_tf.core.none, which no chapter builds",
    ),
    "an import of the porch": (
        graph("import pedagogy_tf as tf\nB = tf"),
        "imports from pedagogy_tf, which no chapter builds",
    ),
    "a hidden import from nowhere": (
        graph("def f():\n    from pedagogy_tf.gpu import g\n    return g"),
        "imports from pedagogy_tf.gpu, which no chapter builds",
    ),
    "a relative import": (
        graph("from .errors import E\nA = E"),
        "a notebook cannot run a relative import",
    ),
    "a star import": (
        graph("from math import *"),
        "hides where names come from",
    ),
    "an unknown directive": (
        ["#| exprot core.graph\nA = 1"],
        "unknown directive `#| exprot core.graph`",
    ),
    "a directive without a module": (
        ["#| export\nA = 1"],
        "`#| export` does not say to which module",
    ),
    "a directive that names no module": (
        ["#| export core/graph.py\nA = 1"],
        "names no module",
    ),
    "a directive that is not at the top": (
        ["# mine\n#| export core.graph\nA = 1"],
        "`#| export core.graph` stands below other lines",
    ),
    "a room that is not in the plan": (
        [f"#| export attic.box\n{DOC}A = 1"],
        "the plan of the house has no room attic.box",
    ),
    "a module without a docstring": (
        ["#| export core.graph\nA = 1"],
        "core.graph has no docstring",
    ),
    "a name that nothing defines": (
        graph("def f():\n    return helper(1)"),
        "core.graph uses helper, which this chapter neither exports nor imports",
    ),
    "a name that only an example defines": (
        ["def helper(x):\n    return x", *graph("def f():\n    return helper(1)")],
        "core.graph uses helper",
    ),
    "a name with two meanings": (
        graph("from math import sin\nA = sin", "from cmath import sin"),
        "sin has another meaning at",
    ),
    "a call that shows something": (
        graph("A = 1\nprint(A)"),
        "`print(A)` shows or checks something",
    ),
    "a bare expression": (
        graph("A = 1\nA"),
        "`A` shows or checks something",
    ),
    "an assertion": (
        graph("A = 1\nassert A"),
        "`assert A` shows or checks something",
    ),
    "a magic in an exported cell": (
        graph("%time A = 1"),
        "is not Python",
    ),
    "modules that import each other": (
        [
            *graph("def f():\n    return g"),
            f"#| export core.op\n{DOC}def g():\n    return f",
        ],
        "core.graph and core.op import each other in a circle",
    ),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_refused(tmp_path, mistake):
    cells, message = REFUSED[mistake]
    with pytest.raises(chapters.BookError) as caught:
        build(tmp_path, *cells)
    place, fix = str(caught.value).splitlines()
    assert place.startswith("book/source/05_graph.md:") and "(code cell " in place
    assert message in str(caught.value)
    assert fix.startswith("    ") and len(fix) > 15


def two_chapters(folder, early, late):
    first = chapter(folder, "03_early", *early)
    return [first, chapter(folder, "07_late", *late)]


@pytest.mark.parametrize(
    ("early", "late", "message"),
    [
        (graph("A = 1"), graph("B = 2"), "core.graph has its home in 03_early"),
        (
            [f"#| export core.session\n{DOC}A = 1"],
            graph("from pedagogy_tf.core.session import A\nB = A"),
            "core.graph (floor 1, Page) imports from core.session (floor 3, Engine)",
        ),
        (
            [f"#| export gpu.plan\n{DOC}A = 1"],
            graph("def f():\n    from pedagogy_tf.gpu.plan import A\n    return A"),
            "core.graph (floor 1, Page) imports from gpu.plan (floor 6, Annex)",
        ),
        (
            ["from pedagogy_tf.core.graph import A"],
            graph("A = 1"),
            "A is imported from pedagogy_tf.core.graph, built later, in 07_late",
        ),
        (
            graph("A = 1"),
            [f"#| export core.op\n{DOC}from pedagogy_tf.core.graph import B\nC = B"],
            "core.graph does not define B",
        ),
        (
            graph("class A:\n    pass"),
            [
                f"#| export core.op\n{DOC}from pedagogy_tf.core.graph import A",
                "#| export core.op\n@extends(A)\ndef f(self):\n    pass",
            ],
            "@extends(A): no cell above exports the class to core.op",
        ),
    ],
)
def test_refused_between_chapters(tmp_path, early, late, message):
    with pytest.raises(chapters.BookError) as caught:
        export.build(two_chapters(tmp_path, early, late))
    assert message in str(caught.value)


def test_a_broken_chapter_is_left_out_and_the_others_go_on(tmp_path):
    late = [f"#| export core.op\n{DOC}from pedagogy_tf.core.graph import A\nB = A"]
    broken = []
    both = two_chapters(tmp_path, graph("A = 1", "A = 2"), late)
    assert list(export.build(both, broken)) == ["pedagogy_tf/core/op.py"]
    assert "A is already defined" in str(broken[0])


# ---- notebooks


def test_the_notebook_of_a_text(tmp_path):
    one = chapter(tmp_path, "05_graph", "#| export core.graph\nx = 1", "x", "x")
    book = notebook.from_text(one)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert book.cells[0].source.startswith("# A title")
    assert code[0].metadata.tags == ["remove-cell"]
    assert f"git+{notebook.repository()}" in code[0].source
    assert len({cell.id for cell in book.cells}) == len(book.cells)
    assert book == notebook.from_text(one)
    assert check.sources(book) == check.exported(one) == ["x = 1", "x", "x"]
    nbformat.validate(book)


def test_outputs_lose_what_differs_between_machines():
    home = "/home/me/x/lib/python3.12/site-packages/numpy/a.py"
    text = f"{home} {chapters.ROOT}/pedagogy_tf/core/a.py /tmp/ipykernel_12/34.py:5"
    figure = {"image/png": {"alt": "words", "width": 3}, "other": 1}
    output = nbformat.v4.new_output(
        "display_data", {"text/plain": text}, metadata=figure
    )
    stable = notebook.stable_output(output, 1)
    assert stable.data["text/plain"] == (
        "site-packages/numpy/a.py pedagogy_tf/core/a.py cell:5"
    )
    assert stable.metadata == {"image/png": {"alt": "words"}}


def test_only_what_is_volatile_may_differ():
    old = '{"a": ["ran in 3.1 ms at 0x7f00aa11bb22"], "image/png": "AA0x7f00aa11bb22"}'
    assert notebook.same(old, old.replace("3.1", "44"))
    assert notebook.same(old, old.replace(" 0x7f00aa", " 0x7f11ff"))
    assert not notebook.same(old, old.replace("AA", "BB"))
    assert not notebook.same(old, old.replace("ran", "run"))


def test_a_stored_traceback_is_short():
    frames = ["----", "ValueError", "cell", "deep", "deeper", "ValueError: no"]
    output = nbformat.v4.new_output("error", ename="", evalue="", traceback=frames)
    assert notebook.stable_output(output, 1).traceback == [*frames[:3], frames[-1]]


def test_a_chapter_runs_once_and_its_second_run_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(chapters, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(notebook, "NOTEBOOKS", tmp_path)
    one = chapter(tmp_path, "05_graph", "print('seen')\nobject()")
    assert notebook.execute(one)
    before = one.notebook.read_bytes()
    assert b"seen" in before and b'"execution_count": 2' in before
    assert not notebook.execute(one)
    assert one.notebook.read_bytes() == before
    bad = chapter(tmp_path, "05_graph", "1 / 0")
    with pytest.raises(chapters.BookError, match="division by zero"):
        notebook.execute(bad)
    assert bad.notebook.read_bytes() == before


def test_a_chapter_runs_again_when_what_it_imports_changes(tmp_path, monkeypatch):
    core = tmp_path / "pedagogy_tf" / "core"
    core.mkdir(parents=True)
    monkeypatch.setattr(notebook, "ROOT", tmp_path)
    (core / "a.py").write_text("from pedagogy_tf.core.b import B")
    (core / "b.py").write_text("B = 1")
    (core / "c.py").write_text("C = 1")
    one = chapter(tmp_path, "05_graph", "from pedagogy_tf.core.a import B")
    first = notebook.fingerprint(one)
    (core / "c.py").write_text("C = 2")
    assert notebook.fingerprint(one) == first
    (core / "b.py").write_text("B = 2")
    assert notebook.fingerprint(one) != first
    assert (
        len(notebook.modules_read(chapter(tmp_path, "06_x", "import pedagogy_tf"))) == 3
    )


# ---- checks of stored notebooks


def code_cell(**keys):
    return nbformat.v4.new_code_cell("x", **{"execution_count": 1, **keys})


def image(**metadata):
    data = {"image/png": "aaaa"}
    return nbformat.v4.new_output("display_data", data, metadata=metadata)


ERROR = nbformat.v4.new_output("error", ename="E", evalue="", traceback=["E"])
EXPECTED = {"tags": ["raises-exception"]}


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        (code_cell(), ""),
        (code_cell(execution_count=None), "was not run"),
        (code_cell(outputs=[image()]), "a figure without words"),
        (code_cell(outputs=[image(**{"image/png": {"alt": "a line"}})]), ""),
        (code_cell(outputs=[ERROR]), "fails without the tag"),
        (code_cell(outputs=[ERROR], metadata=EXPECTED), ""),
        (code_cell(metadata=EXPECTED), "or has it and does not"),
    ],
)
def test_problems_of_a_stored_cell(cell, problem):
    found = check.cell_problems(cell)
    assert problem in found[0] if problem else not found


def test_a_notebook_must_be_its_text(tmp_path, monkeypatch):
    monkeypatch.setattr(chapters, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(check, "ROOT", tmp_path)
    one = chapter(tmp_path, "05_graph", "x = 1")
    assert "missing" in check.notebook_problems(one)[0]
    nbformat.write(notebook.from_text(one), one.notebook)
    assert check.notebook_problems(one) == []
    two = chapter(tmp_path, "05_graph", "x = 2")
    assert "differs from 05_graph.md" in check.notebook_problems(two)[0]


def test_cells_that_are_not_compared_are_counted(tmp_path, monkeypatch):
    listed = tmp_path / "ignored.toml"
    monkeypatch.setattr(check, "IGNORED", listed)
    monkeypatch.setattr(check, "ROOT", tmp_path)
    plain = chapter(tmp_path, "05_graph", "x = 1")
    tagged = chapter(tmp_path, "05_graph", ":tags: [nbval-ignore-output]\n\nx", "y")
    marked = chapter(tmp_path, "05_graph", "# NBVAL_SKIP\nx", "y")
    listed.write_text("")
    assert check.uncompared([plain]) == []
    assert "1 cells whose output is not compared" in check.uncompared([tagged])[0]
    assert "1 cells whose output is not compared" in check.uncompared([marked])[0]
    listed.write_text('[05_graph]\ncells = 1\nwhy = "time itself"\n')
    assert check.uncompared([tagged]) == []
    assert check.uncompared([plain]) and check.uncompared([])
    monkeypatch.setattr(check, "MOST_UNCOMPARED", 0)
    assert "0 is the most" in check.uncompared([tagged])[0]


def test_what_no_chapter_builds_is_a_stranger(tmp_path, monkeypatch):
    core = tmp_path / "pedagogy_tf" / "core"
    core.mkdir(parents=True)
    for module in (check, export):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    (core / "__init__.py").write_text("")
    (core / "digits.npz").write_bytes(b"")
    texts = {"pedagogy_tf/core/graph.py": f"{export.MARK}05_graph.md\n"}
    export.write(texts)
    assert check.strangers() == [] and export.differences(texts) == []
    (core / "own.py").write_text("x = 1\n")
    (core / "graph.py").write_text(f"{export.MARK}05_graph.md\nedited = True\n")
    assert "own.py: no chapter builds it" in check.strangers()[0]
    assert "-edited = True" in export.differences(texts)[0]
    export.write({})
    assert not (core / "graph.py").exists() and (core / "own.py").exists()


# ---- style and size


def test_format_changes_only_code(tmp_path):
    woven = "@extends(A)\ndef f(self):\n    return [" + "'aaaaaaa', " * 6 + "'aaa']"
    one = chapter(tmp_path, "05_graph", "#| export core.graph\nx=1", "y = 2", woven)
    assert [c.source for c in style.unformatted([one])] == ["x=1", woven]
    assert style.format_text(one) == 2
    again = chapters.read(one.path)
    assert "#| export core.graph\nx = 1\n```" in again.text
    assert style.format_text(again) == 0
    assert max(len(line) for line in again.text.split("\n")) <= 84


def test_advice(tmp_path):
    long = "def f(a, b, c, d, e, g, h):\n" + "    a = 1\n" * 21 + "    return a"
    one = chapter(tmp_path, "05_graph", "#| export core.graph\n" + long, "a", "b", "c")
    found = "\n".join(style.advice(one))
    for text in (
        "4 code cells (20 to 60)",
        "without prose",
        "words for a line",
        "no figure",
        "never tried or checked: f",
        "f has 22 lines (20)",
        "f has 7 arguments (6)",
    ):
        assert text in found


def test_lines_of_code_are_without_docstrings_comments_and_blanks():
    assert size.code_lines('"""Doc."""\n\n# why\nx = [\n    1,\n]\n') == 3


def test_the_table_stands_between_its_marks():
    text = f"before\n{size.BEGIN}\nold\n{size.END}\nafter\n"
    assert size.with_table(text).startswith(f"before\n{size.BEGIN}\n\n| floor |")
    assert size.with_table(text).endswith(f"\n\n{size.END}\nafter\n")
