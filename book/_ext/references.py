"""Links that read well in a notebook, made to work in the book.

- `[text](05_graph.ipynb)` to a chapter that is planned and not written is plain text;
- `[Kingma and Ba](../references.md#kingma2014)` is a citation;
- `core.graph` in code letters leads to the module's page;
- *kernel* in italics leads to the glossary, the first time on a page.
"""

from __future__ import annotations

import json
import re

import house
from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

CHAPTER = re.compile(
    r"\[([^\]]+)\]\((?:\.\./)?(?:chapters/)?(\d\d_\w+)\.ipynb(#[\w-]+)?\)"
)
PAPER = re.compile(r"\[[^\]]+\]\((?:\.\./)?references\.md#(\w+)\)")
MODULE = re.compile(rf"(?:{house.PACKAGE}[./])?(\w+(?:[./]\w+)+?)(?:\.py)?")
TAKEN = (nodes.reference, nodes.title, nodes.rubric, nodes.term)


def read(app, docname, content):
    """Sphinx has read a page: change the links in its prose."""
    if not docname.startswith("chapters/"):
        content[0] = mend(content[0])
        return
    notebook = json.loads(content[0])
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = mend("".join(cell["source"]))
    content[0] = json.dumps(notebook)


def mend(text: str) -> str:
    """The text with links to chapters and papers as the book needs them."""

    def chapter(match):
        words, name, _ = match.groups()
        later = name in house.planned() and name not in house.chapters()
        return words if later else match[0]

    return PAPER.sub(r"{cite:t}`\1`", CHAPTER.sub(chapter, text))


class Link(SphinxPostTransform):
    """Lead from a word to the place that explains it."""

    default_priority = 4
    formats = ("html",)

    def run(self):
        here = self.env.docname
        if not here.startswith("api/"):
            self.link_modules(here)
        if here != "glossary":
            self.link_terms(here)

    def link_modules(self, here):
        known = self.env.domaindata["py"]["modules"]
        for node in list(self.document.findall(nodes.literal)):
            match = MODULE.fullmatch(node.astext())
            name = f"{house.PACKAGE}.{match[1].replace('/', '.')}" if match else ""
            if name in known and self.is_free(node):
                self.wrap(node, here, known[name].docname, known[name].node_id)

    def link_terms(self, here):
        terms = self.env.domaindata["std"]["terms"]
        seen = set()
        for node in list(self.document.findall(nodes.emphasis)):
            word = node.astext().lower()
            word = word if word in terms else word.removesuffix("s")
            if word in terms and word not in seen and self.is_free(node):
                seen.add(word)
                self.wrap(node, here, *terms[word])

    def is_free(self, node) -> bool:
        """Not inside a link or a title."""
        while node := node.parent:
            if isinstance(node, TAKEN):
                return False
        return True

    def wrap(self, node, here, page, anchor):
        uri = self.app.builder.get_relative_uri(here, page)
        link = nodes.reference("", "", refuri=f"{uri}#{anchor}", internal=True)
        node.replace_self(link)
        link += node


def setup(app):
    app.connect("source-read", read)
    app.add_post_transform(Link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
