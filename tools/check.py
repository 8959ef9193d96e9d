"""Do text, notebook and package agree, line for line? Was everything run?"""

from __future__ import annotations

import re
import tomllib

import nbformat

from tools import export, notebook, size, style
from tools.chapters import NOTEBOOKS, PACKAGE, ROOT, BookError, Chapter, read_all

IGNORED = ROOT / "tools" / "ignored.toml"
UNCOMPARED = re.compile(r"(nbval|pytest_validate)[-_](ignore[-_]output|skip)", re.I)
MOST_UNCOMPARED = 10
DATA = {".npz", ".md", ".txt", ".typed"}


def problems() -> list[str]:
    """Everything that is not as it should be; empty when all is well."""
    broken: list[BookError] = []
    chapters = read_all(broken)
    texts = export.build(chapters, broken)
    if broken:
        return [str(error) for error in broken]
    found = export.differences(texts)
    found += strangers() + orphans(chapters) + uncompared(chapters)
    if size.is_old():
        found.append("ARCHITECTURE.md: the table of floors is old; run `make export`")
    for chapter in chapters:
        found += notebook_problems(chapter)
    found += [
        f"{cell.place}: not formatted; run `python -m tools format {cell.chapter.name}`"
        for cell in style.unformatted(chapters)
        if cell.module
    ]
    return found


def strangers() -> list[str]:
    """Files in the package that no chapter builds and that are not data."""
    known = set(export.generated())
    return [
        f"{path.relative_to(ROOT)}: no chapter builds it; only `__init__.py` and data "
        "are written by hand"
        for path in sorted((ROOT / PACKAGE).rglob("*"))
        if path.is_file()
        and path not in known
        and path.name != "__init__.py"
        and path.suffix not in DATA
        and "__pycache__" not in path.parts
    ]


def orphans(chapters: list[Chapter]) -> list[str]:
    """Notebooks without a text."""
    known = {chapter.notebook for chapter in chapters}
    stored = sorted(NOTEBOOKS.glob("*.ipynb"))
    return [f"{p.relative_to(ROOT)}: no text" for p in stored if p not in known]


def notebook_problems(chapter: Chapter) -> list[str]:
    """Is the notebook the text's, run to its end, with words for its figures?"""
    path, again = chapter.notebook, f"run `make chapter C={chapter.name[:2]}`"
    where = path.relative_to(ROOT)
    if not path.exists():
        return [f"{where}: missing; {again}"]
    stored, wanted = nbformat.read(path, as_version=4), notebook.from_text(chapter)
    if cells(stored) != cells(wanted) or sources(wanted) != exported(chapter):
        return [f"{where}: differs from {chapter.path.name}; {again}"]
    found = []
    for number, cell in enumerate(stored.cells, 1):
        if cell.cell_type == "code":
            found += [f"{where}, cell {number}: {p}" for p in cell_problems(cell)]
    return found


def cells(book: nbformat.NotebookNode) -> list[tuple]:
    """A notebook's cells, without outputs."""
    return [(c.id, c.cell_type, c.source, c.metadata) for c in book.cells]


def sources(book: nbformat.NotebookNode) -> list[str]:
    """The code of a notebook's cells after the first, without directives."""
    code = [c.source for c in book.cells if c.cell_type == "code"][1:]
    return [re.sub(r"\A(#\|.*\n?)+", "", source).strip() for source in code]


def exported(chapter: Chapter) -> list[str]:
    """The same, as the exporter reads the text."""
    return [cell.source.strip() for cell in chapter.cells]


def cell_problems(cell: nbformat.NotebookNode) -> list[str]:
    """A code cell that was not run, lies about failing, or shows without words."""
    found = []
    if not cell.execution_count:
        found.append("was not run")
    fails = any(output.output_type == "error" for output in cell.outputs)
    if fails != ("raises-exception" in cell.metadata.get("tags", [])):
        found.append("fails without the tag raises-exception, or has it and does not")
    for output in cell.outputs:
        images = [kind for kind in output.get("data", {}) if kind.startswith("image/")]
        if not all(output.metadata.get(kind, {}).get("alt") for kind in images):
            found.append("a figure without words; use show(figure, alt=...)")
    return found


def uncompared(chapters: list[Chapter]) -> list[str]:
    """Cells whose outputs no test compares must be on the list, and few."""
    listed = tomllib.loads(IGNORED.read_text("utf-8"))
    found, total = [], 0
    for chapter in chapters:
        marks = [UNCOMPARED.search(f"{c.tags} {c.source}") for c in chapter.cells]
        count = sum(mark is not None for mark in marks)
        entry = listed.pop(chapter.name, {"cells": 0, "why": "none"})
        total += count
        if count != entry["cells"] or not entry["why"]:
            found.append(
                f"{chapter.path.name}: {count} cells whose output is not compared; "
                f"{IGNORED.relative_to(ROOT)} has {entry['cells']}. Print something "
                "stable instead, or say there why it cannot be."
            )
    found += [f"{IGNORED.relative_to(ROOT)}: no chapter {name}" for name in listed]
    if total > MOST_UNCOMPARED:
        found.append(f"{total} cells are not compared; {MOST_UNCOMPARED} is the most")
    return found


def advice() -> list[str]:
    """What could be better; nothing fails for it."""
    chapters = read_all()
    found = [
        f"{cell.place}: not formatted"
        for cell in style.unformatted(chapters)
        if not cell.module
    ]
    return found + [text for chapter in chapters for text in style.advice(chapter)]
