"""Write the parts of pages that follow from the package and the chapters.

A page asks for a part with a comment on a line of its own:

    <!-- map -->              the chapters as a drawing, floor by floor
    <!-- modules: Ground -->  the modules of a floor, with their docstrings
    <!-- names -->            every public name of the package, and where it is built
    <!-- conformance -->      the table made from the test results, if it is there
    <!-- sizes -->            one sentence: chapters, modules, lines
`{{repository}}` is the address of the repository, also inside code.
"""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from types import ModuleType

import chapter_map
import house
from sphinx.util import logging

LOG = logging.getLogger(__name__)
ASK = re.compile(r"(?m)^<!-- (\w+)(?:: (.*?))? -->$")


def read(app, docname, content):
    """Sphinx has read a page: fill in what it asks for."""
    if docname.startswith("chapters/"):
        return
    parts = {
        "map": lambda _: chapter_map.both(),
        "modules": modules,
        "names": lambda _: names(),
        "conformance": lambda _: conformance(),
        "sizes": lambda _: sizes(),
    }
    text = ASK.sub(lambda match: parts[match[1]](match[2]), content[0])
    content[0] = text.replace("{{repository}}", house.repository())


def leave_out(app, config):
    """Answers to a chapter that is not made yet would lead nowhere."""
    answers = (p.stem for p in (house.BOOK / "answers").glob("[0-9]*.md"))
    early = [f"answers/{a}.md" for a in answers if a not in house.chapters()]
    config.exclude_patterns = [*config.exclude_patterns, *early]
    for name in sorted(house.forgotten()):
        LOG.warning("chapter %s belongs to no part of book/_toc.yml", name)


def outdated(app, env, added, changed, removed):
    """Pages with such parts are written anew each time; they are few."""
    pages = {page: env.doc2path(page) for page in env.found_docs}
    return [
        page
        for page, file in pages.items()
        if file.endswith(".md") and ASK.search(Path(file).read_text("utf-8"))
    ]


def chapter_link(module: str, folder: str) -> str:
    """A link to the chapter that builds a module."""
    name = house.homes().get(module)
    if name is None:
        return ""
    title = house.title(house.chapters()[name])
    return f"[{int(name[:2])}. {title}]({folder}chapters/{name}.ipynb)"


def modules(floor: str) -> str:
    """The written modules of a floor, in the order of the chapters."""
    number = [name for name, _ in house.FLOORS].index(floor)
    found = [m for m in house.homes() if house.floor(m) == number and house.text(m)]
    parts = []
    for module in found:
        lines, code = house.sizes(house.text(module))
        parts.append(
            f"## {module}\n\n"
            f"Built in chapter {chapter_link(module, '../')}. "
            f"{lines} lines, {code} of them code.\n\n"
            f"```{{eval-rst}}\n.. automodule:: {house.PACKAGE}.{module}\n```\n"
        )
    return "\n".join(parts) or "No module of this floor is written yet."


def public(package: ModuleType, prefix: str = "tf", depth: int = 2):
    """(name, object) of what a program can reach, namespaces after plain names."""
    below = []
    for name in sorted(vars(package), key=str.lower):
        value = getattr(package, name)
        if name.startswith("_") or name in ("core", "annotations"):
            continue
        if isinstance(value, ModuleType):
            if depth and value.__name__.startswith(house.PACKAGE):
                below.append((value, f"{prefix}.{name}"))
        else:
            yield f"{prefix}.{name}", value
    for module, name in below:
        yield from public(module, name, depth - 1)


def names() -> str:
    """The public names, by the chapter that builds them."""
    rows: dict[str, list[str]] = {}
    values: dict[str, list[str]] = {}
    for name, value in public(importlib.import_module(house.PACKAGE)):
        module = getattr(value, "__module__", None) or type(value).__module__
        home = module.removeprefix(f"{house.PACKAGE}.")
        if home not in house.homes():
            continue
        if callable(value):
            rows.setdefault(home, []).append(f"| `{name}` | {about(value)} |")
        else:
            values.setdefault(home, []).append(f"`{name}`")
    parts = []
    for home in house.homes():
        if home in rows or home in values:
            parts.append(f"### `{home}`\n\nChapter {chapter_link(home, '')}\n")
        if home in values:
            parts.append(f"Values: {', '.join(values[home])}.\n")
        if home in rows:
            parts.append(
                "\n".join(["| Name | What it is |", "|:--|:--|", *rows[home], ""])
            )
    return "\n".join(parts)


def about(value) -> str:
    """The first sentence of a docstring, safe in a table."""
    text = " ".join((inspect.getdoc(value) or "").split("\n\n")[0].split())
    return re.sub(r"([|$<>])" if "`" in text else r"([|$<>*_\[\]])", r"\\\1", text)


def conformance() -> str:
    table = house.BOOK / "conformance_table.md"
    if table.exists():
        return table.read_text("utf-8")
    return "The table is not made yet: `python -m tests.conformance.table` writes it."


def sizes() -> str:
    """How much there is to read."""
    counts = [house.sizes(house.text(m)) for m in house.homes() if house.text(m)]
    lines, code = map(sum, zip(*counts)) if counts else (0, 0)
    return (
        f"{len(house.chapters())} chapters, {len(counts)} modules, {lines:,} lines, "
        f"{code:,} of them code; the rest says what the code does."
    )


def setup(app):
    app.connect("source-read", read)
    app.connect("config-inited", leave_out)
    app.connect("env-get-outdated", outdated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
