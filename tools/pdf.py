"""Print the book to book/_build/pdf/pedagogy_tf.pdf with Chromium or Chrome."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.chapters import ROOT, BookError

BUILD = ROOT / "book" / "_build"
PAGE = BUILD / "singlehtml" / "index.html"
PDF = BUILD / "pdf" / "pedagogy_tf.pdf"
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "chrome", "msedge"]


def browser() -> str:
    """A browser that can print; $CHROMIUM names one that is not on the path."""
    names = [os.environ.get("CHROMIUM", ""), *BROWSERS]
    found = next(filter(None, map(shutil.which, filter(None, names))), None)
    if found is None:
        raise BookError(
            "make pdf",
            "no Chromium or Chrome was found",
            "Debian: apt install chromium. Elsewhere: CHROMIUM=/its/path make pdf",
        )
    return found


def main() -> int:
    """Build the book as one page and print it."""
    chromium = browser()
    command = [Path(sys.executable).with_name("jupyter-book"), "build", "book"]
    command += ["--builder", "singlehtml", "-W", "-n", "--keep-going", "-q"]
    subprocess.run(command, cwd=ROOT, check=True)
    PDF.parent.mkdir(parents=True, exist_ok=True)
    options = ["--headless", "--disable-gpu", "--no-pdf-header-footer"]
    options += ["--generate-pdf-document-outline"]
    options += ["--virtual-time-budget=60000"]  # time for MathJax to set the formulas
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium refuses to run as root with one
    options += [f"--print-to-pdf={PDF}", PAGE.as_uri()]
    subprocess.run([chromium, *options], check=True, stderr=subprocess.DEVNULL)
    print(f"wrote {PDF.relative_to(ROOT)}")
    return 0
