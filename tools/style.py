"""How chapters look: their code is formatted, their measures are those of the template.

Formatting is required of exported cells, since nothing reformats them on the way into
the package. The measures are advice.
"""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.chapters import Cell, Chapter
from tools.export import WIDTH, extends

WOVEN = WIDTH - 4  # a method stands one level deeper in its class
FILLERS = re.compile(r"\b(simply|just|obviously|trivially)\b", re.IGNORECASE)


# ---- formatting


def formatted(cells: list[Cell]) -> list[str]:
    """The cells' sources as `ruff format` has them; as they are where it cannot."""
    with tempfile.TemporaryDirectory() as folder:
        for number, cell in enumerate(cells):
            if plain(cell):
                path = Path(folder) / str(width(cell)) / f"{number}.py"
                path.parent.mkdir(exist_ok=True)
                path.write_text(cell.source + "\n", "utf-8")
        for path in Path(folder).iterdir():
            command = [sys.executable, "-m", "ruff", "format", "-q", "--isolated"]
            subprocess.run([*command, "--line-length", path.name, path], check=True)
        return [
            (Path(folder) / str(width(cell)) / f"{number}.py")
            .read_text("utf-8")
            .strip()
            if plain(cell)
            else cell.source
            for number, cell in enumerate(cells)
        ]


def plain(cell: Cell) -> bool:
    """Is it Python, without a `;` that hides an output?"""
    return cell.tree is not None and not cell.source.rstrip().endswith(";")


def width(cell: Cell) -> int:
    """The columns that a cell may use."""
    return WOVEN if any(extends(node) for node in cell.tree.body) else WIDTH


def unformatted(chapters: list[Chapter]) -> list[Cell]:
    """The cells that are not as `ruff format` has them."""
    cells = [cell for chapter in chapters for cell in chapter.cells]
    pairs = zip(cells, formatted(cells), strict=True)
    return [cell for cell, new in pairs if cell.source != new]


def format_text(chapter: Chapter) -> int:
    """Format the code cells in a chapter's text; how many changed."""
    lines, changed = chapter.text.split("\n"), 0
    pairs = zip(chapter.cells, formatted(chapter.cells), strict=True)
    for cell, new in reversed(list(pairs)):
        if cell.source != new:
            first = cell.line - 1
            lines[first : first + cell.source.count("\n") + 1] = new.split("\n")
            changed += 1
    if changed:
        chapter.path.write_text("\n".join(lines), "utf-8")
    return changed


# ---- measures


def advice(chapter: Chapter) -> list[str]:
    """What a chapter does otherwise than the template."""
    name = chapter.path.name
    found = [f"{name}: {text}" for text in measures(chapter)]
    for number, line in enumerate(chapter.text.split("\n"), 1):
        if match := FILLERS.search(line):
            found.append(f"{name}:{number}: `{match[0]}` can go")
    for cell in chapter.cells:
        for node in ast.walk(cell.tree) if cell.module else []:
            if isinstance(node, ast.FunctionDef):
                found += [f"{cell.place}: {text}" for text in long_function(node)]
    return found


def measures(chapter: Chapter) -> list[str]:
    """What counts for a chapter as a whole."""
    found = []
    sizes = [cell.source.count("\n") + 1 for cell in chapter.cells] or [0]
    if not 20 <= len(chapter.cells) <= 60:
        found.append(f"{len(chapter.cells)} code cells (20 to 60)")
    if statistics.median(sizes) > 8:
        found.append(
            f"half of the cells are longer than {statistics.median(sizes)} (8)"
        )
    long = [c.line for c in chapter.cells if c.source.count("\n") >= 30]
    if long:
        found.append(f"cells of more than 30 lines at {', '.join(map(str, long))}")
    if crowd := in_a_row(chapter):
        found.append(f"more than 3 code cells without prose before line {crowd[0]}")
    words = len(re.sub(r"(?ms)^```\{code-cell.*?^```", "", chapter.text).split())
    if not 5 <= words / max(1, sum(sizes)) <= 12:
        found.append(f"{words / max(1, sum(sizes)):.1f} words for a line (5 to 12)")
    tried = "\n".join(c.source for c in chapter.cells if c.module is None)
    if "show(" not in tried and ".svg)" not in chapter.text:
        found.append("no figure")
    names = [n for n in public(chapter) if not re.search(rf"\b{n}\b", tried)]
    if names:
        found.append(f"never tried or checked: {', '.join(names)}")
    return found


def in_a_row(chapter: Chapter) -> list[int]:
    """First lines of cells that follow three others without prose."""
    text, found, run = chapter.text.split("\n"), [], 0
    for before, cell in zip(chapter.cells, chapter.cells[1:], strict=False):
        between = text[before.line + before.source.count("\n") : cell.line - 1]
        prose = [t for t in between if t.strip() and not re.match(r"```|#\||:", t)]
        run = 0 if prose else run + 1
        if run >= 3:
            found.append(cell.line)
    return found


def public(chapter: Chapter) -> list[str]:
    """The functions and classes that a chapter exports."""
    nodes = [n for c in chapter.cells if c.module for n in c.tree.body]
    kinds = ast.FunctionDef | ast.ClassDef
    names = [n.name for n in nodes if isinstance(n, kinds) and not extends(n)]
    return [name for name in names if not name.startswith("_")]


def long_function(node: ast.FunctionDef) -> list[str]:
    """Over 20 lines without its docstring, or over 6 arguments."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    size = node.end_lineno - body[0].lineno + 1 if body else 0
    arguments = len(node.args.args + node.args.kwonlyargs)
    found = [f"{node.name} has {size} lines (20)"] if size > 20 else []
    return found + ([f"{node.name} has {arguments} arguments (6)"] * (arguments > 6))
