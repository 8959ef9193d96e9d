"""The house is in order: texts, notebooks and package agree; the laws are kept."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys

import numpy as np
import pytest

from tools import check, export
from tools.chapters import PACKAGE, ROOT, SOURCE

MODULES = [path.relative_to(ROOT) for path in export.generated()]


def test_text_notebook_and_package_agree():
    assert not check.problems(), "\n".join(check.problems())


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_every_line_stands_in_the_chapter(path):
    """Independent of the exporter: look each line up, as any other program could."""
    text = (ROOT / path).read_text("utf-8")
    name = re.search(r"(?m)^# Generated from book/source/(\S+\.md):", text)[1]
    chapter = {line.strip() for line in (SOURCE / name).read_text("utf-8").split("\n")}
    made = re.sub(r"(?ms)^# Generated from .*?^__all__ = \[.*?\]$", "", text)
    assert made != text
    lines = [line.strip() for line in made.split("\n")]
    assert [line for line in lines if line not in chapter] == []


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_what_a_module_offers_is_there(path):
    module = importlib.import_module(".".join(path.with_suffix("").parts))
    assert module.__doc__
    assert all(hasattr(module, name) for name in module.__all__)


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_ruff(command):
    ruff = [sys.executable, "-m", "ruff", *command, "--quiet", "."]
    done = subprocess.run(ruff, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_alone_is_light():
    """Importing a module of the package loads NumPy and nothing else from outside."""
    names = [".".join(p.with_suffix("").parts) for p in MODULES]
    code = f"import sys, {', '.join([PACKAGE, *names])}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    heavy = {"cupy", "matplotlib", "IPython", "h5py", "PIL", "scipy", "tensorflow"}
    assert loaded & heavy == set()


def test_binder_gets_the_versions_that_are_tested():
    wanted = (ROOT / ".binder" / "requirements.txt").read_text("utf-8").split("\n")
    tested = (ROOT / "requirements.txt").read_text("utf-8").split("\n")
    assert set(wanted) <= set(tested)


def test_the_program_in_the_readme_runs():
    text = (ROOT / "README.md").read_text("utf-8")
    program = re.search(r"(?ms)^```python\n(.*?)^```", text)[1]
    data = {"images": np.zeros((5, 64), np.float32), "labels": np.zeros(5, np.int64)}
    exec(program, data)
