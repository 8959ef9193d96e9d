"""The rendered book: it builds without a warning, its links lead somewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tools import links
from tools.chapters import ROOT


def test_the_book_builds_without_a_warning(tmp_path):
    command = [Path(sys.executable).with_name("jupyter-book"), "build", "book"]
    command += ["-W", "-n", "--keep-going", "-q", "--path-output", tmp_path]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert links.problems(tmp_path / "_build" / "html") == []
