"""Write the package from the chapters' texts.

A module is its chapter's exported cells in reading order, word for word, and around
them: the docstring, one line that says where it comes from, the imports it needs, and
`__all__`. A function under `@extends(Class)` moves into the body of `Class`, so that a
class may grow over several cells and stand whole in its module. The chapter's headings
become comments. Nothing else is added, and nothing is reformatted.
"""

from __future__ import annotations

import ast
import difflib
import io
import tokenize
from dataclasses import dataclass, field
from pathlib import Path

from tools import names
from tools.chapters import PACKAGE, ROOT, BookError, Cell, Chapter
from tools.floors import floor

WIDTH = 88
MARK = "# Generated from book/source/"
SHOWS = {"check", "display", "print", "show"}
LONG = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass
class Piece:
    """One statement of a module, with the comments above it, as its cell has it.

    Attributes:
        gap: blank lines above it in the cell; None for the first piece of a cell.
    """

    cell: Cell
    node: ast.stmt
    text: str
    gap: int | None = None

    @property
    def place(self) -> str:
        """Where the statement stands, for messages."""
        return self.cell.at(self.node.lineno)


@dataclass
class Module:
    """One module of the package, in pieces.

    Attributes:
        where: for each name that the module defines, the place that does.
        methods: for each class that grows, the functions that move into it.
    """

    name: str
    chapter: Chapter
    doc: str = ""
    pieces: list[Piece] = field(default_factory=list)
    where: dict[str, str] = field(default_factory=dict)
    methods: dict[str, list[Piece]] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where the module stands, such as `pedagogy_tf/core/graph.py`."""
        return f"{PACKAGE}/{self.name.replace('.', '/')}.py"

    @property
    def place(self) -> str:
        """The first cell of the module, for messages."""
        return next(c.place for c in self.chapter.cells if c.module == self.name)

    @property
    def body(self) -> str:
        """Everything below `__all__`."""
        text, before = "", None
        for piece in self.pieces:
            text += blank_lines(before, piece) + piece.text
            if isinstance(piece.node, ast.ClassDef):
                grown = self.methods.get(piece.node.name, [])
                text += "".join(f"\n\n{method.text}" for method in grown)
            before = piece
        return text


def build(chapters: list[Chapter], broken: list | None = None) -> dict[str, str]:
    """The text of every module, by path.

    Args:
        chapters: in reading order.
        broken: a list for the errors of chapters that break a law; those are then
            left out, and the others go on. None: the first error is raised.

    Raises:
        BookError: a chapter breaks a law of the house.
    """
    homes = {c.module: chapter for chapter in reversed(chapters) for c in chapter.cells}
    modules: dict[str, Module] = {}
    texts: dict[str, str] = {}
    for chapter in chapters:
        try:
            new = collect(chapter, modules)
            names.refuse_imports(chapter, modules, homes)
            known = modules | new
            imports = {m: names.resolve(new[m], known) for m in new}
            names.refuse_circle(new, imports)
            texts |= {m.path: render(m, imports[m.name]) for m in new.values()}
        except BookError as error:
            if broken is None:
                raise
            broken.append(error)
            left_out = {c.module for c in chapter.cells} - {None} - set(modules)
            new = {name: Module(name, chapter) for name in left_out}
        modules |= new
    return texts


def collect(chapter: Chapter, earlier: dict[str, Module]) -> dict[str, Module]:
    """The modules that one chapter builds, in pieces."""
    modules: dict[str, Module] = {}
    for cell in chapter.cells:
        if cell.module is None:
            continue
        if cell.module in earlier:
            raise BookError(
                cell.place,
                f"{cell.module} has its home in {earlier[cell.module].chapter.name}",
                "A module has one home. Move the cell there, or name a new module.",
            )
        if floor(cell.module) is None:
            raise BookError(
                cell.place,
                f"the plan of the house has no room {cell.module}",
                "Is the name right? If it is, give it a floor in tools/floors.py.",
            )
        module = modules.setdefault(cell.module, Module(cell.module, chapter))
        add_cell(module, cell, modules)
    for module in modules.values():
        if not module.doc:
            raise BookError(
                module.place,
                f"{module.name} has no docstring",
                "Open its first exported cell with a string that says what it is.",
            )
    return modules


def add_cell(module: Module, cell: Cell, siblings: dict[str, Module]):
    """Take an exported cell apart: docstring, methods, definitions; not the imports."""
    lines, end, gap = cell.source.split("\n"), 0, None
    new = not (module.doc or module.pieces)
    for number, node in enumerate(cell.tree.body):
        start, end = end, node.end_lineno
        if node is cell.tree.body[-1]:
            end = len(lines)  # comments that close the cell
        if new and number == 0 and is_string(node):
            module.doc = "\n".join(lines[node.lineno - 1 : node.end_lineno])
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            continue
        refuse_statement(cell, node)
        blank = next(n for n, line in enumerate(lines[start:]) if line.strip())
        text = "\n".join(lines[start + blank : end])
        piece = Piece(cell, node, text, None if gap is None else blank)
        gap = blank
        if extends(node):
            weave(module, piece)
        else:
            define(module, piece, siblings)


def is_string(node: ast.stmt) -> bool:
    """Is it a string that stands alone, as a docstring does?"""
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def refuse_statement(cell: Cell, node: ast.stmt):
    """A module defines; it does not print, show or check when it is imported."""
    shows = isinstance(node, ast.Expr) and (
        not isinstance(node.value, ast.Call)
        or (isinstance(node.value.func, ast.Name) and node.value.func.id in SHOWS)
    )
    if shows or isinstance(node, ast.Assert):
        line = ast.unparse(node).split("\n")[0]
        raise BookError(
            cell.at(node.lineno),
            f"`{line}` shows or checks something, in a cell that is exported",
            "Move it to a cell of its own, without `#| export`.",
        )


def define(module: Module, piece: Piece, siblings: dict[str, Module]):
    """Add a piece; what it defines, nothing else in the chapter may define."""
    for name in names.defined(piece.node):
        for other in siblings.values():
            if name in other.where:
                raise BookError(
                    piece.place,
                    f"{name} is already defined at {other.where[name]}",
                    "Give one of the two another name, or delete one.",
                )
        module.where[name] = piece.place
    module.pieces.append(piece)


# ---- classes that grow


def extends(node: ast.stmt) -> ast.Call | None:
    """The decorator `@extends(Class)` of a function, if it has one."""
    for decorator in getattr(node, "decorator_list", []):
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "extends":
            return decorator
    return None


def weave(module: Module, piece: Piece):
    """Put a function under `@extends(Class)` among the methods of its class."""
    call, name = extends(piece.node), piece.node.name
    target = ", ".join(ast.unparse(argument) for argument in call.args)
    for home in (p.node for p in module.pieces if isinstance(p.node, ast.ClassDef)):
        if home.name == target:
            break
    else:
        raise BookError(
            piece.place,
            f"@extends({target}): no cell above exports the class to {module.name}",
            "A class grows in its own chapter and module, after its first cell.",
        )
    woven = module.methods.setdefault(target, [])
    members = [n for statement in home.body for n in names.defined(statement)]
    if name in members or name in [p.node.name for p in woven]:
        raise BookError(
            piece.place,
            f"{target}.{name} is already defined",
            "A method has one definition. Change it where it stands.",
        )
    lines = piece.text.split("\n")
    at = next(i for i, line in enumerate(lines) if line.startswith("@extends("))
    del lines[at : at + call.end_lineno - call.lineno + 1]
    woven.append(Piece(piece.cell, piece.node, indent("\n".join(lines))))


def indent(code: str) -> str:
    """A function one level deeper; inner lines of strings stay, docstrings move."""
    inside, start = set(), 0
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        kind = tokenize.tok_name[token.type]
        if kind in ("STRING", "FSTRING_START"):
            start = token.start[0]
        if kind in ("STRING", "FSTRING_END"):
            inside.update(range(start + 1, token.end[0] + 1))
    function = ast.parse(code).body[0]
    if ast.get_docstring(function) is not None:
        doc = function.body[0]
        inside -= set(range(doc.lineno, doc.end_lineno + 1))
    lines = enumerate(code.split("\n"), 1)
    return "\n".join(t if n in inside or not t else f"    {t}" for n, t in lines)


# ---- from pieces to text


def blank_lines(before: Piece | None, piece: Piece) -> str:
    """What stands between two pieces: the section's heading, or blank lines."""
    long = isinstance(piece.node, LONG)
    if before is None or piece.cell.section != before.cell.section:
        return f"\n\n\n{piece.cell.section}\n" + "\n" * (2 if long else 1)
    if piece.gap is not None and before.cell is piece.cell:
        return "\n" * (piece.gap + 1)
    return "\n\n\n" if long or isinstance(before.node, LONG) else "\n\n"


def render(module: Module, imports: dict[str, names.Import]) -> str:
    """The text of one module."""
    body = module.body
    public = [n for p in module.pieces for n in names.defined(p.node, public=True)]
    listed = "__all__ = [" + ", ".join(f'"{n}"' for n in public) + "]"
    if len(listed) > WIDTH:
        listed = "__all__ = [\n" + "".join(f'    "{n}",\n' for n in public) + "]"
    future = "from __future__ import annotations" if names.annotated(body) else ""
    mark = f"{MARK}{module.chapter.path.name}: change it there, then `make export`."
    head = [module.doc, mark, future, *names.import_lines(imports, WIDTH), listed]
    return "\n\n".join(part for part in head if part) + body + "\n"


# ---- the files


def generated() -> list[Path]:
    """The modules on disk that say they come from a chapter."""
    files = sorted((ROOT / PACKAGE).rglob("*.py"))
    return [path for path in files if MARK in path.read_text("utf-8")]


def write(texts: dict[str, str], delete: bool = True):
    """Write the modules that changed and say which; delete what no chapter builds."""
    for name, text in texts.items():
        path = ROOT / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            print(f"wrote {name}")
    for path in generated() if delete else []:
        if path.relative_to(ROOT).as_posix() not in texts:
            path.unlink()
            print(f"deleted {path.relative_to(ROOT)}")


def differences(texts: dict[str, str]) -> list[str]:
    """For each module that is not as the chapters have it, the difference."""
    gone = {path.relative_to(ROOT).as_posix(): "" for path in generated()}
    found = []
    for name, text in sorted({**gone, **texts}.items()):
        path = ROOT / name
        old = path.read_text("utf-8") if path.exists() else ""
        if old != text:
            sides = old.splitlines(True), text.splitlines(True)
            titles = name, f"{name}, as the chapters have it"
            found.append("".join(difflib.unified_diff(*sides, *titles)))
    return found
