"""Make the notebook of a chapter: from its text, executed, with stable outputs.

Nothing that changes between two runs or two machines is stored: cell ids follow from
the contents, counts run from 1, and paths are cut. A notebook whose outputs differ
only in what tools/nbval.cfg calls volatile is not written again.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import tempfile
import time
import tomllib
import uuid
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets.config import Config

from tools.chapters import NOTEBOOKS, PACKAGE, ROOT, BookError, Chapter, read

PATTERNS = ROOT / "tools" / "nbval.cfg"
RUNS = ROOT / "book" / ".runs.json"  # chapter -> what it was last run with
WORKERS = 2
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
INSTALL = """\
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("{package}") is None:  # on Colab or Binder
    pip = [sys.executable, "-m", "pip", "install", "-q"]
    subprocess.run([*pip, "git+{url}"], check=True)"""

COLOUR = re.compile(r"\x1b\[[\d;]*m")


def repository() -> str:
    """The address of the project's repository, as pyproject.toml has it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return project["urls"]["Repository"]


def from_text(chapter: Chapter) -> nbformat.NotebookNode:
    """The chapter's cells, not run. The first code cell installs the package."""
    notebook = jupytext.reads(chapter.text, fmt="md:myst")
    source = INSTALL.format(package=PACKAGE, url=repository())
    first = nbformat.v4.new_code_cell(source, metadata={"tags": ["remove-cell"]})
    code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    notebook.cells.insert(code[0] if code else 0, first)
    return stable(notebook)


# ---- what is stored


def stable(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook without volatile parts."""
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: dict[str, int] = {}
    count = 0
    for cell in notebook.cells:
        content = f"{cell.cell_type}\n{cell.source}".encode()
        digest = hashlib.sha1(content).hexdigest()[:8]
        seen[digest] = seen.get(digest, 0) + 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
        for key in ("execution", "collapsed", "scrolled"):
            cell.metadata.pop(key, None)
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = [stable_output(output, count) for output in cell.outputs]
    return notebook


def stable_output(output: nbformat.NotebookNode, count: int) -> nbformat.NotebookNode:
    """An output without what belongs to this machine.

    Paths are cut; of metadata, alt text remains; of a traceback, the reader's own line
    and the message, since the frames between differ between versions of Python.
    """
    output = nbformat.from_dict(change_text(output, without_paths))
    if "execution_count" in output:
        output.execution_count = count
    if "traceback" in output:
        # Without colours: Python 3.11 and 3.12 see other tokens in an f-string.
        *frames, message = [COLOUR.sub("", frame) for frame in output.traceback]
        output.traceback = [*frames[:3], message]  # a rule, the class, the first frame
    if "metadata" in output:
        kept = {
            kind: {"alt": options["alt"]}
            for kind, options in output.metadata.items()
            if isinstance(options, dict) and "alt" in options
        }
        output.metadata = nbformat.from_dict(kept)
    return output


def change_text(value, change):
    """The same structure with every text changed, pictures excepted."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [change_text(item, change) for item in value]
    if isinstance(value, dict):
        return {
            key: item if key.startswith("image/") else change_text(item, change)
            for key, item in value.items()
        }
    return value


def without_paths(text: str) -> str:
    """The text without what tells where on this machine things are."""
    for root in (str(ROOT), str(ROOT).replace(str(Path.home()), "~", 1)):
        text = text.replace(f"{root}/", "")
    text = re.sub(r"[~/][\w./+-]*/(site-packages|python3\.\d+)/", r"\1/", text)
    return re.sub(r"[^\s\"]*ipykernel_\d+/\d+\.py", "cell", text)


def same(old: str, new: str) -> bool:
    """Do two notebooks differ in nothing but what tools/nbval.cfg calls volatile?"""
    config = PATTERNS.read_text("utf-8")
    pairs = re.findall(r"(?m)^regex: (.*)\nreplace: (.*)$", config)

    def steady(text):
        for pattern, replacement in pairs:
            text = re.sub(pattern, replacement, text)
        return text

    one, two = (change_text(json.loads(text), steady) for text in (old, new))
    return one == two


# ---- running


def sockets() -> dict[str, str]:
    """Settings for a kernel that talks through files of its own.

    With ports, two kernels that start together sometimes pick the same.
    """
    if os.name != "posix":
        return {}
    path = Path(tempfile.gettempdir()) / f"{uuid.uuid4().hex[:16]}.json"
    return {"transport": "ipc", "connection_file": str(path)}


def execute(chapter: Chapter) -> bool:
    """Run a chapter; store its notebook if anything in it is new, and say so.

    Raises:
        BookError: a cell failed.
    """
    notebook = from_text(chapter)
    NOTEBOOKS.mkdir(exist_ok=True)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        config=Config({"KernelManager": sockets()}),
        record_timing=False,
        coalesce_streams=True,
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(NOTEBOOKS)}},
    )
    places = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).strip(":")
    try:
        client.execute(env={**os.environ, "PYTHONPATH": places})
    except CellExecutionError as error:
        raise BookError(
            f"book/source/{chapter.path.name}",
            COLOUR.sub("", str(error)).strip(),
            "Mend the cell, or tag it raises-exception if it fails on purpose.",
        ) from None
    text = nbformat.writes(stable(notebook)) + "\n"
    path = chapter.notebook
    if path.exists() and same(path.read_text("utf-8"), text):
        return False
    path.write_text(text, "utf-8")
    return True


def execute_path(path: Path) -> str | BookError:
    """Run one chapter in a process of its own; what to tell about it."""
    start = time.perf_counter()
    try:
        written = execute(read(path))
    except BookError as error:
        return error
    seconds = time.perf_counter() - start
    news = "stored" if written else "as before"
    return f"{path.stem:<20} ran in {seconds:4.0f} s, outputs {news}"


def run(chapters: list[Chapter], force: bool = False) -> list[BookError]:
    """Run the chapters that changed since their last run here; their errors."""
    runs = json.loads(RUNS.read_text("utf-8")) if RUNS.exists() else {}
    wanted = [c for c in chapters if force or runs.get(c.name) != fingerprint(c)]
    errors = []
    with ProcessPoolExecutor(WORKERS) as pool:
        results = pool.map(execute_path, [c.path for c in wanted])
        for chapter, result in zip(wanted, results, strict=True):
            if isinstance(result, BookError):
                errors.append(result)
            else:
                print(result, flush=True)
                runs[chapter.name] = fingerprint(chapter)
    RUNS.write_text(json.dumps(runs, indent=1, sort_keys=True) + "\n", "utf-8")
    print(f"{len(wanted)} of {len(chapters)} chapters ran, {len(errors)} failed")
    return errors


def fingerprint(chapter: Chapter) -> str:
    """Changes when the text, the notebook, or a module that it imports changes."""
    files = [chapter.path, chapter.notebook, ROOT / "requirements.txt", Path(__file__)]
    total = hashlib.sha1()
    for path in [*files, *modules_read(chapter)]:
        total.update(path.read_bytes() if path.exists() else b"-")
    return total.hexdigest()


def modules_read(chapter: Chapter) -> list[Path]:
    """The files of the package that a chapter imports, directly or not."""
    everything = sorted((ROOT / PACKAGE).rglob("*.py"))
    found: set[Path] = set()
    trees = [cell.tree for cell in chapter.cells if cell.tree]
    while trees:
        for name in imported(trees.pop()):
            path = ROOT / f"{name.replace('.', '/')}.py"
            if not path.exists():  # a package; it re-exports from anywhere
                return everything
            if path not in found:
                found.add(path)
                trees.append(ast.parse(path.read_text("utf-8")))
    return sorted(found)


def imported(tree: ast.AST) -> set[str]:
    """The dotted names in this package that some code imports from."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
    return {name for name in names if name.split(".")[0] in (PACKAGE, "")}
