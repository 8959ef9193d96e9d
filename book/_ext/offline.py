"""Nothing comes from the net: MathJax is part of the book, live cells are left out."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

NEEDED = ["tex-chtml.js", "output/chtml/fonts", "input/tex/extensions"]


def copy_mathjax(app, error):
    """Copy the parts of MathJax that pages load: 3 of its 24 MB."""
    if error or app.builder.format != "html":
        return
    package = Path(importlib.util.find_spec("sphinx-mathjax-offline").origin).parent
    source = package / "static" / "mathjax"
    target = Path(app.outdir) / "_static" / "mathjax"
    for name in NEEDED:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, dirs_exist_ok=True)
        else:
            shutil.copyfile(source / name, target / name)


def drop_thebe(app, pagename, templatename, context, doctree):
    """Jupyter Book always adds sphinx-thebe, which would load code from a CDN."""
    for kind in ("script_files", "css_files"):
        if kind in context:
            context[kind] = [f for f in context[kind] if "thebe" not in named(f)]


def named(file) -> str:
    """All that a script or style sheet says about itself."""
    return f"{file} {getattr(file, 'attributes', '')}".lower()


def setup(app):
    """Sphinx calls this."""
    app.setup_extension("sphinx.ext.mathjax")
    app.config.mathjax_path = "mathjax/tex-chtml.js"
    app.connect("build-finished", copy_mathjax)
    app.connect("html-page-context", drop_thebe, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
