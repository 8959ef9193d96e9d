"""Write the package from the chapters' texts.

A module is its chapter's exported cells in reading order, word for word, and around
them: the docstring, one line that says where it comes from, the imports it needs, and
`__all__`. A function under `@extends(Class)` moves into the body of `Class`, so that a
class may grow over several cells and stand whole in its module. Headings of the
chapter become comments. Nothing else is added, and nothing is reformatted.
"""

from __future__ import annotations

import ast
import builtins
import io
import symtable
import sys
import tokenize
from dataclasses import dataclass, field

from tools.chapters import PACKAGE, BookError, Cell, Chapter
from tools.floors import FLOORS, floor

WIDTH = 88
MARK = "# Generated from book/source/"
SHOWS = {"check", "display", "print", "show"}
KNOWN = set(dir(builtins)) | {"__name__", "__file__", "__doc__"}


@dataclass
class Piece:
    """A run of lines of the module, all of one cell.

    Attributes:
        node: the statement that the lines hold; comments above it included.
        gap: blank lines above it in its cell; None when it opens the cell.
    """

    cell: Cell
    node: ast.stmt
    text: str
    gap: int | None


@dataclass
class Module:
    """One module of the package, still in pieces."""

    name: str
    chapter: Chapter
    doc: str = ""
    pieces: list[Piece] = field(default_factory=list)
    where: dict[str, Cell] = field(default_factory=dict)  # name -> its cell
    methods: dict[str, list[Piece]] = field(default_factory=dict)  # class -> woven

    @property
    def path(self) -> str:
        return f"{PACKAGE}/{self.name.replace('.', '/')}.py"


@dataclass
class Import:
    """What a name in a module means: `member` of `origin`, or the module `origin`."""

    origin: str
    member: str | None
    cell: Cell | None = None

    def __eq__(self, other):
        return (self.origin, self.member) == (other.origin, other.member)


def build(chapters: list[Chapter], broken: list | None = None) -> dict[str, str]:
    """The text of every module, by path, such as `pedagogy_tf/core/graph.py`.

    Args:
        chapters: in reading order.
        broken: where to put the errors of chapters that break a law; those chapters
            are then left out, and the others go on. None raises the first error.

    Raises:
        BookError: a chapter breaks a law of the house.
    """
    homes = {c.module: chapter for chapter in chapters for c in chapter.cells}
    modules: dict[str, Module] = {}
    texts: dict[str, str] = {}
    for chapter in chapters:
        try:
            new = collect(chapter, modules)
            refuse_imports(chapter, modules, homes)
            texts |= {
                m.path: render(m, resolve(m, modules | new)) for m in new.values()
            }
        except BookError as error:
            if broken is None:
                raise
            broken.append(error)
            names = {c.module for c in chapter.cells} - {None} - set(modules)
            new = {name: Module(name, chapter) for name in names}
        modules |= new
    return texts


# ---- from cells to pieces


def collect(chapter: Chapter, earlier: dict[str, Module]) -> dict[str, Module]:
    """The modules that one chapter builds."""
    modules: dict[str, Module] = {}
    for cell in chapter.cells:
        if cell.module is None:
            continue
        if cell.module in earlier:
            raise BookError(
                cell.place,
                f"{cell.module} is already built by {earlier[cell.module].chapter.name}",
                "A module has one home. Move the cell there, or export to a new module.",
            )
        if floor(cell.module) is None:
            raise BookError(
                cell.place,
                f"the plan of the house has no room named {cell.module}",
                "Is the name right? If it is, give it a floor in tools/floors.py.",
            )
        module = modules.setdefault(cell.module, Module(cell.module, chapter))
        add_cell(module, cell, modules)
    for module in modules.values():
        if not module.doc:
            raise BookError(
                module_place(module),
                f"{module.name} has no docstring",
                "Open its first exported cell with a string that says what it is.",
            )
    return modules


def module_place(module: Module) -> str:
    return next(c for c in module.chapter.cells if c.module == module.name).place


def add_cell(module: Module, cell: Cell, siblings: dict[str, Module]):
    """Take one exported cell apart: docstring, imports, methods, the rest."""
    lines, end, opens = cell.source.split("\n"), 0, True
    first = not module.doc and not module.pieces and not module.methods
    for number, node in enumerate(cell.tree.body):
        start = end
        end = node.end_lineno
        if number + 1 == len(cell.tree.body):
            end = len(lines)  # comments that close the cell
        if first and number == 0 and is_string(node):
            module.doc = "\n".join(lines[node.lineno - 1 : node.end_lineno])
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            refuse_import(cell, node)
            continue
        refuse_statement(cell, node)
        gap = 0
        while not lines[start + gap].strip():
            gap += 1
        text = "\n".join(lines[start + gap : end])
        piece = Piece(cell, node, text, None if opens else gap)
        opens = False
        if extends(node):
            weave(module, piece)
            continue
        define(module, piece, siblings)
        module.pieces.append(piece)


def is_string(node: ast.AST) -> bool:
    value = getattr(node, "value", None)
    return isinstance(node, ast.Expr) and isinstance(getattr(value, "value", 0), str)


def extends(node: ast.stmt) -> ast.Call | None:
    """The decorator `@extends(Class)` of a function, if it has one."""
    for decorator in getattr(node, "decorator_list", []):
        if isinstance(decorator, ast.Call) and call_name(decorator) == "extends":
            return decorator
    return None


def call_name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def refuse_import(cell: Cell, node: ast.Import | ast.ImportFrom):
    """No relative import, no star."""
    if getattr(node, "level", 0):
        raise BookError(
            cell.place,
            "a relative import cannot run in a notebook",
            f"Write `from {PACKAGE}.core.name import ...`.",
        )
    if any(alias.name == "*" for alias in node.names):
        raise BookError(
            cell.place,
            f"`from {node.module} import *` hides where names come from",
            "Name what is needed.",
        )


def refuse_statement(cell: Cell, node: ast.stmt):
    """A module defines; it does not print, show or check when it is imported."""
    shows = isinstance(node, ast.Expr) and (
        not isinstance(node.value, ast.Call) or call_name(node.value) in SHOWS
    )
    if shows or isinstance(node, ast.Assert):
        line = ast.unparse(node).split("\n")[0]
        raise BookError(
            cell.place,
            f"`{line}` shows or checks something, in a cell that is exported",
            "Move it to a cell of its own, without `#| export`.",
        )


def define(module: Module, piece: Piece, siblings: dict[str, Module]):
    """Remember what a statement defines; a name is defined once in a chapter."""
    for name in defined(piece.node):
        for other in siblings.values():
            if name in other.where:
                raise BookError(
                    piece.cell.place,
                    f"{name} is already defined at {other.where[name].place}",
                    "Give one of the two another name, or delete one.",
                )
    module.where |= dict.fromkeys(defined(piece.node), piece.cell)


def defined(node: ast.stmt) -> list[str]:
    """The names that a top-level statement defines; `_` is nobody's name."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        found = [node.name]
    elif isinstance(node, ast.AugAssign):
        found = []
    else:
        found = [n for part in ast.walk(node) for n in bound(part)]
    return [n for n in dict.fromkeys(found) if n != "_"]


def bound(node: ast.AST) -> list[str]:
    """The names that a node inside a statement binds: targets, conditional imports."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return [node.id]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [a.asname or a.name.split(".")[0] for a in node.names]
    return []


def weave(module: Module, piece: Piece):
    """Put a function under `@extends(Class)` among the methods of its class."""
    cell, node, decorator = piece.cell, piece.node, extends(piece.node)
    target = ast.unparse(decorator.args[0]) if decorator.args else ""
    home = next(
        (
            p.node
            for p in module.pieces
            if isinstance(p.node, ast.ClassDef) and p.node.name == target
        ),
        None,
    )
    if home is None:
        raise BookError(
            cell.place,
            f"@extends({target}), but no cell above exports the class {target} "
            f"to {module.name}",
            "A class grows only in its own chapter and module, after its first cell.",
        )
    woven = module.methods.setdefault(target, [])
    taken = {getattr(n, "name", "") for n in home.body} | {p.node.name for p in woven}
    if node.name in taken:
        raise BookError(
            cell.place,
            f"{target}.{node.name} is already defined",
            "A method has one definition. Change it where it stands.",
        )
    woven.append(Piece(cell, node, without_extends(piece), piece.gap))


def without_extends(piece: Piece) -> str:
    """The lines of a woven function without its `@extends(...)`, indented."""
    lines = piece.text.split("\n")
    at = next(i for i, line in enumerate(lines) if line.startswith("@extends("))
    size = extends(piece.node).end_lineno - extends(piece.node).lineno + 1
    return indent("\n".join(lines[:at] + lines[at + size :]))


def indent(code: str) -> str:
    """One level deeper; the inner lines of strings stay, docstrings go along."""
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


def body(module: Module) -> str:
    """Everything below `__all__`."""
    text, section, before = "", None, None
    for piece in module.pieces:
        long = is_long(piece.node)
        if piece.cell.section != section:
            section = piece.cell.section
            text += f"\n\n\n{section}"
            gap = 2 if long else 1
        elif piece.gap is not None and before.cell is piece.cell:
            gap = piece.gap
        else:
            gap = 2 if long or is_long(before.node) else 1
        text += "\n" * (gap + 1) + piece.text
        if isinstance(piece.node, ast.ClassDef):
            for method in module.methods.get(piece.node.name, []):
                text += f"\n\n{method.text}"
        before = piece
    return text


def is_long(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def render(module: Module, imports: dict[str, Import]) -> str:
    """The text of one module."""
    names = [name for name in module.where if not name.startswith("_")]
    listed = "__all__ = [" + ", ".join(f'"{n}"' for n in names) + "]"
    if len(listed) > WIDTH:
        listed = "__all__ = [\n" + "".join(f'    "{n}",\n' for n in names) + "]"
    code = body(module)
    future = "from __future__ import annotations" if annotated(code) else ""
    mark = f"{MARK}{module.chapter.path.name}"
    head = [module.doc, mark, future, *import_lines(imports), listed]
    return "\n\n".join(h for h in head if h) + code + "\n"


def annotated(code: str) -> bool:
    return any(
        getattr(node, "annotation", None) or getattr(node, "returns", None)
        for node in ast.walk(ast.parse(code))
    )


def import_lines(imports: dict[str, Import]) -> list[str]:
    """Import statements in three groups, as `ruff` sorts them."""
    groups: list[list[str]] = [[], [], []]
    whole, parts = set(), {}
    for name, item in imports.items():
        if item.member is None:
            alias = "" if item.origin.split(".")[0] == name else f" as {name}"
            whole.add((item.origin, f"import {item.origin}{alias}"))
        else:
            alias = "" if item.member == name else f" as {name}"
            parts.setdefault(item.origin, []).append(item.member + alias)
    for origin, text in sorted(whole):
        groups[group(origin)].append(text)
    for origin, names in sorted(parts.items()):
        names.sort(key=import_order)
        text = f"from {origin} import {', '.join(names)}"
        if len(text) > WIDTH:
            text = f"from {origin} import (\n    " + ",\n    ".join(names) + ",\n)"
        groups[group(origin)].append(text)
    return ["\n".join(lines) for lines in groups if lines]


def group(origin: str) -> int:
    """0 standard library, 1 third party, 2 this package."""
    top = origin.split(".")[0]
    return 0 if top in sys.stdlib_module_names else 2 if top == PACKAGE else 1


def import_order(name: str) -> tuple:
    """CONSTANTS, Classes, functions: the order of isort and ruff."""
    first = name.split(" as ")[0]
    kind = 0 if first.isupper() and len(first) > 1 else 1 if first[0].isupper() else 2
    return kind, first.lower(), first


# ---- what a module's names mean


def resolve(module: Module, modules: dict[str, Module]) -> dict[str, Import]:
    """The imports that a module needs, from those written in its chapter.

    Raises:
        BookError: a name that nothing defines, or an import that breaks a law.
    """
    written = chapter_imports(module.chapter)
    siblings = [m for m in modules.values() if m.chapter is module.chapter]
    imports: dict[str, Import] = {}
    for name in sorted(used_names(body(module)) - set(module.where)):
        other = next((m for m in siblings if name in m.where), None)
        if other:
            imports[name] = Import(f"{PACKAGE}.{other.name}", name)
        elif name in written:
            imports[name] = written[name]
        elif name not in KNOWN:
            raise BookError(
                place_of_use(module, name),
                f"{module.name} uses {name}, which no exported cell and no import "
                "of this chapter defines",
                "Export the cell that defines it, or import it.",
            )
    inner = [
        item
        for cell in module.chapter.cells
        if cell.module == module.name
        for _, item in import_items(cell, ast.walk(cell.tree))
        if item not in written.values()
    ]
    for item in [*imports.values(), *inner]:
        refuse_origin(module, item, modules)
    return imports


def import_items(cell: Cell, nodes) -> list[tuple[str, Import]]:
    """(name, meaning) of each name imported by the import statements among nodes."""
    found = []
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            origin = getattr(node, "module", None)
            for alias in node.names:
                name = alias.asname or alias.name.split(".")[0]
                item = Import(
                    origin or alias.name, alias.name if origin else None, cell
                )
                found.append((name, item))
    return found


def chapter_imports(chapter: Chapter) -> dict[str, Import]:
    """Every name that a chapter imports at the top of any of its cells."""
    found: dict[str, Import] = {}
    for cell in chapter.cells:
        for name, item in import_items(cell, cell.tree.body if cell.tree else []):
            if found.setdefault(name, item) != item:
                raise BookError(
                    cell.place,
                    f"{name} is imported with another meaning at "
                    f"{found[name].cell.place}",
                    "Give one of the two another name with `as`.",
                )
    return found


def target_of(item: Import, known) -> str | None:
    """The module of this package that an import fetches, dotted, among those known."""
    if item.origin.split(".")[0] != PACKAGE:
        return None
    name = item.origin.removeprefix(PACKAGE).lstrip(".")
    inner = f"{name}.{item.member}".lstrip(".")
    return inner if inner in known else name


def refuse_imports(chapter: Chapter, modules: dict[str, Module], homes: dict):
    """No cell of a chapter imports from this chapter or a later one."""
    for cell in chapter.cells:
        for name, item in import_items(cell, ast.walk(cell.tree) if cell.tree else []):
            target = target_of(item, homes)
            home = homes.get(target)
            if target is None or home is None or target in modules:
                continue
            if home is chapter:
                raise BookError(
                    cell.place,
                    f"{name} is imported from {item.origin}, which this chapter builds",
                    "That fetches a second copy. Use the name without importing it.",
                )
            raise BookError(
                cell.place,
                f"{name} is imported from {item.origin}, which a later chapter builds "
                f"({home.name})",
                "A chapter needs only earlier chapters.",
            )


def refuse_origin(module: Module, item: Import, modules: dict[str, Module]):
    """A module imports from its own floor or a lower one, and what is there."""
    target = target_of(item, modules)
    if target is None:
        return
    place = item.cell.place if item.cell else module_place(module)
    other = modules.get(target)
    if other is None:
        raise BookError(
            place,
            f"{module.name} imports from {item.origin}, which no chapter builds",
            "Import from the module that defines the name, by its full name.",
        )
    here, there = floor(module.name), floor(target)
    if there > here:
        raise BookError(
            place,
            f"{module.name} (floor {here}, {FLOORS[here][0]}) imports from {target} "
            f"(floor {there}, {FLOORS[there][0]})",
            "A module imports only from its own floor or a lower one.",
        )
    whole = item.member is None or item.origin != f"{PACKAGE}.{target}"
    if not whole and other.pieces and item.member not in other.where:
        raise BookError(
            place,
            f"{target} does not define {item.member}",
            "Import a name from the module that defines it.",
        )


def place_of_use(module: Module, name: str) -> str:
    """The first cell of a module that uses a name."""
    woven = [p for pieces in module.methods.values() for p in pieces]
    for piece in [*module.pieces, *woven]:
        if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(piece.node)):
            return piece.cell.place
    return module_place(module)


def used_names(code: str) -> set[str]:
    """The global names that some code reads, annotations included."""
    found, tables = set(), [symtable.symtable(code, "module", "exec")]
    while tables:
        table = tables.pop()
        top = table.get_type() == "module"
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (top or symbol.is_global()):
                found.add(symbol.get_name())
        tables += table.get_children()
    for node in ast.walk(ast.parse(code)):
        for note in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if note is not None:
                found |= {n.id for n in ast.walk(note) if isinstance(n, ast.Name)}
    return found
