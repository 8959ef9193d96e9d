"""Make the notebook of a chapter: from its text, executed, with stable outputs.

Nothing that changes between two runs or two machines is stored: cell ids follow from
the contents, counts run from 1, and paths are cut. A notebook whose outputs differ
only in what tools/nbval.cfg calls volatile is not written again.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tools.chapters import NOTEBOOKS, PACKAGE, ROOT, BookError, Chapter

PATTERNS = ROOT / "tools" / "nbval.cfg"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
INSTALL = """\
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("{package}") is None:  # on Colab or Binder
    command = [sys.executable, "-m", "pip", "install", "-q", "git+{url}"]
    subprocess.run(command, check=True)
"""


def repository() -> str:
    """The address of the project's repository, as pyproject.toml has it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return project["urls"]["Repository"]


def from_text(chapter: Chapter) -> nbformat.NotebookNode:
    """The chapter's cells, without outputs; a first hidden one installs the package."""
    notebook = jupytext.reads(chapter.text, fmt="md:myst")
    source = INSTALL.format(package=PACKAGE, url=repository()).strip()
    first = nbformat.v4.new_code_cell(source, metadata={"tags": ["remove-cell"]})
    code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    notebook.cells.insert(code[0] if code else 0, first)
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return stable(notebook)


def stable(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook without volatile parts."""
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
            cell.outputs = [stable_output(o, count) for o in cell.outputs]
    return notebook


def stable_output(output: nbformat.NotebookNode, count: int) -> nbformat.NotebookNode:
    """An output without paths of this machine; of its metadata, alt text remains."""
    text = json.dumps(output).replace(f"{ROOT}/", "")
    text = re.sub(r"(/[\w.+-]+)+/site-packages/", "site-packages/", text)
    text = re.sub(r"[^\s\"]*ipykernel_\d+/\d+\.py", "cell", text)
    output = nbformat.from_dict(json.loads(text))
    if "execution_count" in output:
        output.execution_count = count
    if "metadata" in output:
        kept = {
            kind: {"alt": options["alt"]}
            for kind, options in output.metadata.items()
            if isinstance(options, dict) and "alt" in options
        }
        output.metadata = nbformat.from_dict(kept)
    return output


def execute(chapter: Chapter):
    """Run a chapter and store its notebook if anything in it is new.

    Raises:
        BookError: a cell failed.
    """
    notebook = from_text(chapter)
    NOTEBOOKS.mkdir(exist_ok=True)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(NOTEBOOKS)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        raise BookError(
            f"book/source/{chapter.path.name}",
            f"a cell failed\n{error}",
            "Mend the cell, or tag it raises-exception if it fails on purpose.",
        ) from None
    text = nbformat.writes(stable(notebook)) + "\n"
    path = chapter.notebook
    if not path.exists() or sanitized(path.read_text("utf-8")) != sanitized(text):
        path.write_text(text, "utf-8")


def sanitized(text: str) -> str:
    """The text with what may differ between runs replaced, as nbval compares it."""
    config = PATTERNS.read_text("utf-8")
    for pattern, new in re.findall(r"(?m)^regex: (.*)\nreplace: (.*)$", config):
        text = re.sub(pattern, new, text)
    return text
