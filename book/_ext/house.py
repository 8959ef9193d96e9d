"""What the book knows about the house: its chapters, modules and floors.

Read from the files of the repository, without importing the package.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import yaml

BOOK = Path(__file__).resolve().parent.parent
ROOT = BOOK.parent
sys.path.insert(0, str(ROOT))  # the package, and the tools that made it

from tools.floors import FLOORS, floor  # noqa: E402, F401
from tools.size import code_lines  # noqa: E402

PACKAGE = "pedagogy_tf"
DIRECTIVE = re.compile(r"#\|\s*(default_exp|export)\b[ :]*([\w.]*)\s*$")


def split(source: str) -> tuple[dict[str, str], str]:
    """The directives on the first lines of a cell, and the code below them."""
    found, lines = {}, source.split("\n")
    while lines and (match := DIRECTIVE.match(lines[0])):
        found[match[1]] = match[2]
        lines.pop(0)
    return found, "\n".join(lines)


def exports(notebook: dict) -> dict[str, list[int]]:
    """{module: the cells exported to it}, modules in order of appearance."""
    default, modules = "", {}
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "code":
            found, _ = split("".join(cell["source"]))
            default = found.get("default_exp", default)
            if "export" in found and (module := found["export"] or default):
                modules.setdefault(module, []).append(number)
    return modules


def title(notebook: dict) -> str:
    """The text of the first heading."""
    text = "".join("".join(c["source"]) + "\n" for c in notebook["cells"])
    match = re.search(r"(?m)^# +(.*)", text)
    return match[1].strip() if match else ""


@cache
def planned() -> list[str]:
    """The chapters that are written, made into notebooks or not."""
    return sorted(p.stem for p in (BOOK / "source").glob("[0-9][0-9]_*.md"))


@cache
def chapters() -> dict[str, dict]:
    """{"05_graph": notebook} of the chapters that are made, in reading order."""
    paths = sorted((BOOK / "chapters").glob("[0-9][0-9]_*.ipynb"))
    return {path.stem: json.loads(path.read_text("utf-8")) for path in paths}


@cache
def parts() -> list[tuple[str, list[str]]]:
    """(caption, chapters) of the parts of the book, in reading order."""
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text("utf-8"))
    found = []
    for part in toc["parts"]:
        patterns = [c["glob"] for c in part["chapters"] if "glob" in c]
        names = [
            name
            for name in sorted({*planned(), *chapters()})
            if any(fnmatchcase(f"chapters/{name}", pattern) for pattern in patterns)
        ]
        if names:
            found.append((part["caption"], names))
    return found


def forgotten() -> set[str]:
    """Chapters that belong to no part of _toc.yml."""
    return set(chapters()).difference(*(names for _, names in parts()))


@cache
def homes() -> dict[str, str]:
    """{module: its chapter}."""
    return {m: name for name, notebook in chapters().items() for m in exports(notebook)}


def path(module: str) -> str:
    """core.graph is pedagogy_tf/core/graph.py."""
    return f"{PACKAGE}/{module.replace('.', '/')}.py"


def text(module: str) -> str | None:
    """The text of a module; None when it is not written yet."""
    file = ROOT / path(module)
    return file.read_text("utf-8") if file.exists() else None


def sizes(code: str) -> tuple[int, int]:
    """All lines, and lines of code."""
    return code.count("\n"), code_lines(code)


@cache
def repository() -> str:
    """The address of the repository, from pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return project["urls"]["Repository"]
