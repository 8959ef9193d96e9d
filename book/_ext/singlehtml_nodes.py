"""Let the singlehtml builder (for the PDF) use the html handlers of all extensions.

sphinx-exercise registers handlers for "singlehtml"; Sphinx then overlooks those that
other extensions register for "html".
"""

from __future__ import annotations


def merge(app):
    handlers = app.registry.translation_handlers
    if "singlehtml" in handlers:
        handlers["singlehtml"] = {**handlers.get("html", {}), **handlers["singlehtml"]}


def setup(app):
    app.connect("builder-inited", merge)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
