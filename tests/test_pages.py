"""The pages around the chapters keep what they promise."""

from __future__ import annotations

import re

from tools.chapters import ROOT


def test_the_program_on_the_landing_page_prints_what_it_says(capsys):
    """Its output was taken from TensorFlow 1.15.5, with the import changed."""
    text = (ROOT / "book" / "index.md").read_text("utf-8")
    program, printed = re.search(
        r"(?ms)^```python\n(.*?)^```\n\n```text\n(.*?)^```", text
    ).groups()
    exec(program, {})
    assert capsys.readouterr().out == printed
