"""Chapters take their numbers from the names of their files: 05_graph is chapter 5."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.environment.collectors.toctree import TocTreeCollector

DEPTH = 2  # 5 and 5.1, not 5.1.1


def assign(self, env) -> list[str]:
    """Number the sections of every chapter; return the pages whose numbers changed."""
    old, env.toc_secnumbers = env.toc_secnumbers, {}
    for docname, toc in env.tocs.items():
        if match := re.match(r"chapters/(\d\d)_", docname):
            numbers = env.toc_secnumbers[docname] = {}
            walk(toc[0], (int(match[1]),), numbers)
            env.titles[docname]["secnumber"] = (int(match[1]),)
    return [
        name for name, numbers in env.toc_secnumbers.items() if numbers != old.get(name)
    ]


def walk(item, number, numbers):
    """Give a list item of a table of contents its number, and those below it theirs."""
    for child in item.children:
        if isinstance(child, addnodes.compact_paragraph):
            reference = child[0]
            shown = number if len(number) <= DEPTH else None
            numbers[reference["anchorname"]] = reference["secnumber"] = shown
        elif isinstance(child, nodes.bullet_list):
            for i, below in enumerate(child.children, 1):
                walk(below, (*number, i), numbers)


def setup(app):
    TocTreeCollector.assign_section_numbers = assign
    return {"parallel_read_safe": True, "parallel_write_safe": True}
