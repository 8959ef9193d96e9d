"""Turn the notebook of a chapter into a page that reads well.

The notebook stays as it is; what the page shows is changed here:

- `#| export` lines become a badge that names the module;
- "The whole room" is added: every module of the chapter, whole and folded;
- an expected error shows the line that failed and the message, nothing between;
- the failure of an unsolved exercise is left out, and the answer is linked;
- the list that opens the chapter becomes a box, with buttons that run the chapter.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import house
import repository
from docutils import nodes

ANSI = re.compile(r"\x1b\[[0-9;]*m")
ROOM = "## The whole room"
EXERCISE = re.compile(r"(?m)^(:label: *(ex-[\w-]+) *\n)([\s\S]*?)(^:::+ *$)")


def read(app, docname, content):
    """Sphinx has read a notebook: change its cells."""
    if not docname.startswith("chapters/"):
        return
    notebook = json.loads(content[0])
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    modules = house.exports(notebook)
    for module, numbers in modules.items():
        app.env.note_dependency(str(house.ROOT / house.path(module)))
        for number in numbers:
            notebook["cells"][number]["metadata"]["badge"] = house.path(module)
    name = Path(docname).name
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            show_code(cell)
        elif cell["cell_type"] == "markdown":
            cell["source"] = link_answers(cell["source"], name)
    add_rooms(notebook["cells"], modules)
    content[0] = json.dumps(notebook)


def show_code(cell):
    """One code cell: no directives, short errors, no output of an unsolved exercise."""
    metadata = cell["metadata"]
    _, cell["source"] = house.split(cell["source"])
    if "exercise" in metadata.get("tags", []):
        metadata["badge"] = "your turn"
        cell["outputs"] = []
    for output in cell["outputs"]:
        if output["output_type"] == "error":
            output["traceback"] = [short(output, "\n" in cell["source"])]
    metadata["alts"] = [
        options["alt"]
        for output in cell["outputs"]
        for options in output.get("metadata", {}).values()
        if isinstance(options, dict) and "alt" in options
    ]


def short(error: dict, several: bool) -> str:
    """The message; before it the line that failed, if the cell has several."""
    frames = [ANSI.sub("", frame) for frame in error["traceback"]]
    arrows = re.findall(r"(?m)^-+> *\d+ (.*)$", "\n".join(frames))
    line = f"{arrows[0].strip()}\n\n" if arrows and several else ""
    return f"{line}{error['ename']}: {error['evalue']}".rstrip(": ")


def link_answers(text: str, name: str) -> str:
    """Each exercise ends with a link to its answer, if the answer is written."""
    page = house.BOOK / "answers" / f"{name}.md"
    answers = page.read_text("utf-8") if page.exists() else ""

    def link(match):
        if f"{{solution}} {match[2]}\n" not in answers:
            return match[0]
        return f"{match[1]}{match[3]}\n[Answer](../answers/{name}.md)\n{match[4]}"

    return EXERCISE.sub(link, text)


def add_rooms(cells: list[dict], modules):
    """Add the modules below the author's heading, or else before the exercises."""
    rooms = "".join(room(module) for module in modules if house.text(module))
    own = rf"(?m)^{ROOM}.*\n[^#]*"  # the heading and the author's words below it
    for pattern, heading in ((own, ""), (r"(?m)^(?=## (Exercises|Remember))", ROOM)):
        for cell in cells:
            match = re.search(pattern, cell["source"] + "\n")
            if rooms and cell["cell_type"] == "markdown" and match:
                end, text = match.end(), cell["source"]
                cell["source"] = f"{text[:end]}\n{heading}\n\n{rooms}\n{text[end:]}"
                return
    if rooms:
        text = f"{ROOM}\n\n{rooms}"
        new = {"cell_type": "markdown", "id": "room", "metadata": {}, "source": text}
        cells.append(new)


def room(module: str) -> str:
    """A folded module."""
    file, (lines, code) = house.path(module), house.sizes(house.text(module))
    return (
        f"::::{{dropdown}} `{file}`: {lines} lines, {code} of them code\n"
        f":class-container: room\n\n"
        f":::{{literalinclude}} ../../{file}\n:language: python\n:::\n::::\n\n"
    )


def finish(app, doctree):
    """Sphinx has parsed a page: badges, alt texts, the box at the top."""
    if not app.env.docname.startswith("chapters/"):
        return
    for cell in doctree.findall(nodes.container):
        metadata = cell.get("cell_metadata", {})
        for image, alt in zip(cell.findall(nodes.image), metadata.get("alts", [])):
            image["alt"] = alt
        if badge := metadata.get("badge"):
            kind = "your-turn" if badge == "your turn" else "exported"
            cell["classes"].append(kind)
            line = nodes.container("", nodes.Text(badge), classes=["badge-line"])
            cell[0].insert(0, line)
    for box in doctree.findall(nodes.bullet_list):
        if box.astext().startswith("You will build"):
            box.replace_self(card(box, Path(app.env.docname).name))
            break


def card(box, name: str) -> nodes.container:
    """The opening list, and where else the chapter runs."""
    links = nodes.paragraph(classes=["launch"])
    for label, address in repository.launch(name).items():
        links += [nodes.reference("", label, refuri=address), nodes.Text(" ")]
    return nodes.container("", box.deepcopy(), links, classes=["chapter-card"])


def setup(app):
    app.connect("source-read", read)
    app.connect("doctree-read", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
