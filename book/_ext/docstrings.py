"""Docstrings are written as plain text; the API pages are reStructuredText.

A bare `*args`, a `|x|`, `name` in single backticks or an indented formula is clear to
a reader of the code and wrong, or something else, as markup. Here such text is made
safe before napoleon reads the sections. Ops are objects that are called like functions,
and shown like them.
"""

from __future__ import annotations

import re

from sphinx.ext.autodoc import FunctionDocumenter

BULLET = re.compile(r" *([-*]|\d+\.) +")
CODE = re.compile(r"(``.+?``|`[^`\n]+`)")
SECTION = re.compile(
    r"(Args|Arguments|Attributes|Returns|Raises|Yields|Example|Examples|Note|Notes):$"
)


def plain(text: str) -> str:
    """One line, with nothing left that markup would take for itself."""
    parts = CODE.split(text)
    for i, part in enumerate(parts):
        if i % 2:
            parts[i] = f"``{part.strip('`')}``"
        else:
            parts[i] = re.sub(r"([\\*|`]|(?<=\w)_(?!\w))", r"\\\1", part)
    return "".join(parts)


def indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def safe(lines: list[str]) -> list[str]:
    """The docstring as reStructuredText: what is set in becomes code."""
    result: list[str] = []
    in_section = False
    block = item = None  # the indent of a code block, of the text of a list item

    def gap():
        if result and result[-1].strip():
            result.append("")

    for line in lines:
        if not line.strip():
            result.append(line)
            item = None
            continue
        if block is not None:
            if indent(line) >= block:
                result.append(line)
                continue
            gap()
            block = None
        if SECTION.match(line):
            in_section = True
        elif not indent(line):
            in_section = False
        if bullet := BULLET.match(line):
            if item is None:
                gap()
            item = len(bullet[0])
            result.append(bullet[0] + plain(line[item:]))
        elif in_section or (item is not None and indent(line) >= item):
            result.append(plain(line))
        elif line.lstrip().startswith(">>>"):
            gap()
            block = indent(line)
            result.append(line)
        elif indent(line):
            block = indent(line)
            gap()
            result += ["::", "", line]
        else:
            if item is not None:
                gap()
            item = None
            result.append(plain(line))
    return result


def joined(lines: list[str]) -> list[str]:
    """The lines with several names of one entry, `a, b,` and `c: text`, on one."""
    text = "\n".join(lines)
    return re.sub(r"(?m)^( +\w[\w, ]*,)\n +(?=\w[\w, ]*:)", r"\1 ", text).split("\n")


def process(app, what, name, obj, options, lines):
    lines[:] = safe(joined(lines))
    if what == "op":
        lines += ["", f"Op type: ``{obj.type}``."]


class OpDocumenter(FunctionDocumenter):
    """Show the row of an op."""

    objtype = "op"
    directivetype = "function"
    priority = FunctionDocumenter.priority + 10

    @classmethod
    def can_document_member(cls, member, membername, isattr, parent):
        return not isinstance(member, type) and hasattr(member, "shape_rule")


def setup(app):
    app.add_autodocumenter(OpDocumenter)
    app.connect("autodoc-process-docstring", process, priority=100)  # before napoleon
    return {"parallel_read_safe": True, "parallel_write_safe": True}
