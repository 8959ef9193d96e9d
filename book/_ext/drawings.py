"""Draw SVG files into the page itself, so that they take the colours of the theme.

A picture file cannot see whether the page is light or dark; `currentColor` can, when
the drawing is part of the page.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform


class Draw(SphinxPostTransform):
    """Replace images from figures/*.svg by their text."""

    default_priority = 5  # before the images are collected for copying
    formats = ("html",)

    def run(self):
        for image in list(self.document.findall(nodes.image)):
            uri = image["uri"]
            if uri.endswith(".svg") and uri.startswith("figures/"):
                text = (Path(self.env.srcdir) / uri).read_text("utf-8")
                image.replace_self(inline(text, image.get("alt", "")))


def inline(text: str, alt: str) -> nodes.raw:
    """The drawing as part of a page, named by its alt text.

    It shrinks to four fifths, so that its words stay readable; then it scrolls.
    """
    svg = text[text.index("<svg") :]
    label = f' aria-label="{escape(alt)}"' if alt else ""
    box = re.search(r'viewBox="[\d.-]+ [\d.-]+ ([\d.]+)', svg)
    least = f' style="min-width: {0.8 * float(box[1]):.0f}px"' if box else ""
    svg = re.sub(r"<svg", f'<svg role="img"{label}{least}', svg, count=1)
    return nodes.raw("", f'<span class="drawing">{svg}</span>', format="html")


def setup(app):
    app.add_post_transform(Draw)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
