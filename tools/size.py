"""Count lines of code, room by room. Docstrings, comments and blank lines are free."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

from tools.chapters import PACKAGE, ROOT
from tools.export import generated, is_string
from tools.floors import FLOORS, floor

PLAN = ROOT / "ARCHITECTURE.md"
BEGIN, END = "<!-- floors: written by `make export` -->", "<!-- end of floors -->"
EMPTY = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENCODING, tokenize.ENDMARKER,
}  # fmt: skip


def code_lines(text: str) -> int:
    r"""Lines that hold code.

    >>> code_lines("def f(x):\n    'Twice x.'\n\n    return 2 * x  # why\n")
    2
    """
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in EMPTY:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if is_string(node):
            lines -= set(range(node.lineno, node.end_lineno + 1))
    return len(lines)


def rooms() -> list[tuple[int, str, int, str]]:
    """(floor, module, lines of code, chapter's text) of each room that is built."""
    found = []
    for path in generated():
        text = path.read_text("utf-8")
        name = path.relative_to(ROOT / PACKAGE).with_suffix("").as_posix()
        chapter = next(p for p in text.split() if p.endswith(".md:")).rstrip(":")
        module = name.replace("/", ".")
        found.append((floor(module), module, code_lines(text), chapter))
    return sorted(found, key=lambda room: (room[0], room[3], room[1]))


def table() -> str:
    """The floors as a Markdown table, ground first."""
    lines = ["| floor | room | lines of code | chapter |", "|---|---|--:|---|"]
    before = None
    for number, module, size, chapter in rooms():
        title = f"{number} {FLOORS[number][0]}" if number != before else ""
        path = f"{PACKAGE}/{module.replace('.', '/')}.py"
        text = f"[{Path(chapter).stem}]({chapter})"
        lines.append(f"| {title} | [`{module}`]({path}) | {size:,} | {text} |")
        before = number
    lines.append(f"| | all | {sum(room[2] for room in rooms()):,} | |")
    return "\n".join(lines)


def with_table(text: str) -> str:
    """A text with the table of today between the two marks in it."""
    head, rest = text.split(BEGIN)
    return f"{head}{BEGIN}\n\n{table()}\n\n{END}{rest.split(END)[1]}"


def is_old() -> bool:
    """Does ARCHITECTURE.md have another table?"""
    text = PLAN.read_text("utf-8")
    return with_table(text) != text


def write():
    """Put the table into ARCHITECTURE.md."""
    PLAN.write_text(with_table(PLAN.read_text("utf-8")), "utf-8")
