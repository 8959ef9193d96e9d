"""Read the chapters: their cells, and what each cell says about itself.

A code cell may open with directives:

    #| default_exp core.graph    the module that the chapter writes to from here on
    #| export                    this cell belongs to that module
    #| export core.session       this cell belongs to another module
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "book" / "source"
NOTEBOOKS = ROOT / "book" / "chapters"
PACKAGE = "pedagogy_tf"

FENCE = re.compile(r"(`{3,}|~{3,}|:{3,})(.*)")
DIRECTIVE = re.compile(r"#\|\s*(\w+)\s*:?\s*(.*?)\s*$")
MODULE = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$")


class BookError(Exception):
    """A mistake in a chapter: where, what, and how to mend it."""

    def __init__(self, place: str, what: str, fix: str):
        super().__init__(place, what, fix)  # three arguments: it crosses processes
        self.place = place

    def __str__(self) -> str:
        place, what, fix = self.args
        return f"{place}: {what}\n    {fix}"


@dataclass
class Cell:
    """One code cell of a chapter.

    Attributes:
        line: line of its first source line in the text, from 1.
        number: position among the chapter's code cells, from 1.
        section: the nearest heading above, as written (`## The graph`).
        tags: notebook tags, such as `raises-exception`.
        source: the code, without directives, at the lines of the text.
        module: dotted name of the module it is exported to, or None.
    """

    chapter: Chapter
    line: int
    number: int
    section: str
    tags: list[str]
    source: str
    module: str | None = None

    @property
    def place(self) -> str:
        """Where the cell stands, for messages."""
        return self.at(1)

    def at(self, line: int) -> str:
        """Where a line of the source stands; lines count from 1."""
        where = f"book/source/{self.chapter.path.name}:{self.line + line - 1}"
        return f"{where} (code cell {self.number})"

    @cached_property
    def tree(self) -> ast.Module | None:
        """The parsed cell; None for a cell that IPython alone understands."""
        try:
            return ast.parse(self.source)
        except SyntaxError as error:
            if self.module is None:
                return None
            raise BookError(
                self.at(error.lineno or 1),
                f"this is not Python: {error.msg}",
                "An exported cell must be plain Python, without magics.",
            ) from None


@dataclass
class Chapter:
    """One chapter, in the order in which it is read."""

    path: Path
    cells: list[Cell] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Such as `05_graph`."""
        return self.path.stem

    @property
    def text(self) -> str:
        """The chapter as its authors wrote it."""
        return self.path.read_text("utf-8")

    @property
    def notebook(self) -> Path:
        """The chapter as it ran."""
        return NOTEBOOKS / f"{self.name}.ipynb"


def paths(root: Path = SOURCE) -> list[Path]:
    """The chapters' texts, in reading order."""
    return sorted(root.glob("[0-9][0-9]_*.md"))


def read_all(broken: list | None = None, root: Path = SOURCE) -> list[Chapter]:
    """All chapters, in reading order.

    Args:
        broken: a list for the errors of chapters that cannot be read; those are left
            out. None: the first error is raised.
        root: the folder of the texts.
    """
    found = []
    for path in paths(root):
        try:
            found.append(read(path))
        except BookError as error:
            if broken is None:
                raise
            broken.append(error)
    return found


def read(path: Path) -> Chapter:
    """A chapter with its code cells.

    Raises:
        BookError: a directive is unknown, says nothing, or stands where it is not seen.
    """
    chapter, default = Chapter(path), None
    for section, line, tags, source in code_cells(chapter.text):
        cell = Cell(chapter, line, len(chapter.cells) + 1, section, tags, source)
        lines = source.split("\n")
        while lines and lines[0].startswith("#|"):
            word, module = parse_directive(cell, lines.pop(0))
            if word == "default_exp":
                default = module
            else:
                cell.module = module or default
                if cell.module is None:
                    raise BookError(
                        cell.place,
                        "`#| export` does not say to which module",
                        "Write `#| export core.name`, or `#| default_exp` above it.",
                    )
        if late := [line for line in lines if line.startswith("#|")]:
            raise BookError(
                cell.place,
                f"`{late[0]}` stands below other lines",
                "Directives open a cell.",
            )
        cell.line += source.count("\n") + 1 - len(lines)
        cell.source = "\n".join(lines).rstrip("\n")
        chapter.cells.append(cell)
    return chapter


def parse_directive(cell: Cell, line: str) -> tuple[str, str]:
    """`#| export core.graph` is ("export", "core.graph").

    Raises:
        BookError: another word, or a name that no module can have.
    """
    match = DIRECTIVE.match(line)
    word, module = match.groups() if match else ("", "")
    if word not in ("default_exp", "export"):
        raise BookError(
            cell.place,
            f"unknown directive `{line}`",
            "Known are `#| default_exp core.name`, `#| export`, `#| export core.name`.",
        )
    if (module or word == "default_exp") and not MODULE.match(module):
        raise BookError(
            cell.place,
            f"`{line}` names no module",
            f"Write it dotted, without {PACKAGE}: `#| {word} core.graph`.",
        )
    return word, module


def code_cells(text: str):
    """(section, first line, tags, source) of each code cell in a MyST text."""
    section, fence, inside = "", "", None  # inside: (line, lines) of an open code cell
    for number, line in enumerate(text.split("\n"), 1):
        match = FENCE.match(line)
        if fence:
            closes = match and match[1].startswith(fence) and not match[2].strip()
            if closes and inside:
                yield section, *options(*inside)
            if closes:
                fence, inside = "", None
            elif inside:
                inside[1].append(line)
        elif match:
            fence = match[1]
            if match[2].startswith("{code-cell}"):
                inside = [number + 1, []]
        elif re.match(r"#{1,3} ", line):
            section = line.rstrip()


def options(first: int, lines: list[str]) -> tuple[int, list[str], str]:
    """A code cell's first line, tags and source: what follows its options."""
    count = 0
    if lines[:1] == ["---"]:
        count = lines.index("---", 1) + 1
    else:
        while count < len(lines) and lines[count].startswith(":"):
            count += 1
    head = "\n".join(lines[:count])
    found = re.search(r"tags:\s*(\[[^\]]*\]|(?:\n\s*- .*)+)", head)
    tags = re.findall(r"[\w.-]*\w", found[1]) if found else []
    while count < len(lines) and not lines[count].strip():
        count += 1
    return first + count, tags, "\n".join(lines[count:])
