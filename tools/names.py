"""What the names in a module mean, and from where a module may import."""

from __future__ import annotations

import ast
import builtins
import dis
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import CodeType

from tools.chapters import PACKAGE, BookError, Cell, Chapter
from tools.floors import FLOORS, floor

KNOWN = {*dir(builtins), "__name__", "__file__", "__doc__", "__annotations__"}


@dataclass(frozen=True)
class Import:
    """What an imported name means: `member` of `origin`, or the module `origin`."""

    origin: str
    member: str | None
    place: str = field(default="", compare=False)


# ---- names that code defines and uses


def defined(node: ast.stmt, public: bool = False) -> list[str]:
    """The names that a statement defines.

    Args:
        node: a statement at the top of a module or a class.
        public: only functions, classes and variables, and without a `_` in front.
    """
    if isinstance(node, ast.AugAssign):
        return []
    plain = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign
    if public and not isinstance(node, plain | ast.AnnAssign):
        return []
    code = compile(ast.Module([node], []), "", "exec")
    found = dict.fromkeys(name for name in named(code, "STORE_NAME") if name != "_")
    return [name for name in found if not (public and name.startswith("_"))]


def used(code: str) -> set[str]:
    """The global names that code reads, in annotations too."""
    found, left = set(), [compile(code, "", "exec")]
    while left:
        part = left.pop()
        found.update(named(part, "LOAD_GLOBAL"))
        found.update(set(named(part, "LOAD_NAME")) - set(named(part, "STORE_NAME")))
        left += [const for const in part.co_consts if isinstance(const, CodeType)]
    for note in annotations(code):
        found |= {n.id for n in ast.walk(note) if isinstance(n, ast.Name)}
    return found


def named(code: CodeType, operation: str) -> list[str]:
    """The names on which a piece of byte code does an operation, in order."""
    return [
        step.argval for step in dis.get_instructions(code) if step.opname == operation
    ]


def annotations(code: str) -> list[ast.expr]:
    """The types written beside parameters, results and variables."""
    nodes = list(ast.walk(ast.parse(code)))
    notes = [getattr(n, key, None) for n in nodes for key in ("annotation", "returns")]
    return [note for note in notes if note is not None]


def annotated(code: str) -> bool:
    """Has the code any type annotation?"""
    return bool(annotations(code))


# ---- imports


def imports_in(cell: Cell, nodes: Iterable[ast.AST]) -> list[tuple[str, Import]]:
    """(name, meaning) of each name that the import statements among nodes bind.

    Raises:
        BookError: a relative import, or a star.
    """
    found = []
    for node in nodes:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if getattr(node, "level", 0):
            raise BookError(
                cell.at(node.lineno),
                f"`{ast.unparse(node)}`: a notebook cannot run a relative import",
                f"Write it in full: `from {PACKAGE}.core.name import ...`.",
            )
        origin = getattr(node, "module", None)
        for alias in node.names:
            if alias.name == "*":
                raise BookError(
                    cell.at(node.lineno),
                    f"`from {origin} import *` hides where names come from",
                    "Name what is needed.",
                )
            name = alias.asname or alias.name.split(".")[0]
            place = cell.at(node.lineno)
            item = Import(origin or alias.name, alias.name if origin else None, place)
            found.append((name, item))
    return found


def chapter_imports(chapter: Chapter) -> dict[str, Import]:
    """Every name that a chapter imports at the top of any of its cells."""
    found: dict[str, Import] = {}
    for cell in chapter.cells:
        for name, item in imports_in(cell, cell.tree.body if cell.tree else []):
            if found.setdefault(name, item) != item:
                raise BookError(
                    item.place,
                    f"{name} has another meaning at {found[name].place}",
                    "Import one of the two under another name, with `as`.",
                )
    return found


def resolve(module, modules: dict) -> dict[str, Import]:
    """The imports of a module: what it uses, out of what its chapter imports.

    Names of other modules of the same chapter need no import there; here they get one.

    Raises:
        BookError: a name without a meaning, or an import that breaks a law.
    """
    written = chapter_imports(module.chapter)
    siblings = [m for m in modules.values() if m.chapter is module.chapter]
    imports: dict[str, Import] = {}
    for name in sorted(used(module.body) - set(module.where)):
        sibling = next((m for m in siblings if name in m.where), None)
        if sibling:
            imports[name] = Import(f"{PACKAGE}.{sibling.name}", name)
        elif name in written:
            imports[name] = written[name]
        elif name not in KNOWN:
            raise BookError(
                place_of_use(module, name),
                f"{module.name} uses {name}, which this chapter neither exports nor "
                "imports",
                "Export the cell that defines it, or import it.",
            )
    inner = [
        item
        for cell in module.chapter.cells
        if cell.module == module.name
        for node in cell.tree.body
        if not isinstance(node, ast.Import | ast.ImportFrom)
        for _, item in imports_in(cell, ast.walk(node))
    ]
    for item in [*imports.values(), *inner]:
        refuse_origin(module, item, modules)
    return imports


def place_of_use(module, name: str) -> str:
    """The first cell of a module that uses a name."""
    woven = [piece for pieces in module.methods.values() for piece in pieces]
    for piece in [*module.pieces, *woven]:
        if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(piece.node)):
            return piece.place
    return module.place


def target(item: Import, known: Iterable[str]) -> str | None:
    """The module of this package that an import fetches, dotted; None: another's."""
    if item.origin.split(".")[0] != PACKAGE:
        return None
    name = item.origin.removeprefix(PACKAGE).lstrip(".")
    inner = f"{name}.{item.member}".lstrip(".")
    return inner if inner in known else name


# ---- the laws


def refuse_imports(chapter: Chapter, earlier: dict, homes: dict[str, Chapter]):
    """No cell of a chapter imports what this chapter or a later one builds."""
    for cell in chapter.cells:
        for name, item in imports_in(cell, ast.walk(cell.tree) if cell.tree else []):
            fetched = target(item, homes)
            home = homes.get(fetched)
            if fetched is None or home is None or fetched in earlier:
                continue
            if home is chapter:
                raise BookError(
                    item.place,
                    f"{name} is imported from {item.origin}, which this chapter builds",
                    "That fetches a second copy. Use the name without importing it.",
                )
            raise BookError(
                item.place,
                f"{name} is imported from {item.origin}, built later, in {home.name}",
                "A chapter needs only earlier chapters.",
            )


def refuse_origin(module, item: Import, modules: dict):
    """A module imports from its own floor or a lower one, and only what is there."""
    fetched = target(item, modules)
    if fetched is None:
        return
    place = item.place or module.place
    if fetched not in modules:
        raise BookError(
            place,
            f"{module.name} imports from {item.origin}, which no chapter builds",
            "Import from the module that defines the name, by its full name.",
        )
    here, there = floor(module.name), floor(fetched)
    if there > here:
        raise BookError(
            place,
            f"{module.name} (floor {here}, {FLOORS[here][0]}) imports from {fetched} "
            f"(floor {there}, {FLOORS[there][0]})",
            "A module imports only from its own floor or a lower one.",
        )
    other = modules[fetched]
    part = item.origin == f"{PACKAGE}.{fetched}" and item.member
    if part and other.pieces and item.member not in other.where:
        raise BookError(
            place,
            f"{fetched} does not define {item.member}",
            "Import a name from the module that defines it.",
        )


def refuse_circle(new: dict, imports: dict[str, dict[str, Import]]):
    """The modules of one chapter do not import each other in a circle."""
    needs = {
        name: {target(item, new) for item in imports[name].values()} & set(new)
        for name in new
    }
    left = dict(needs)
    while free := [name for name in left if not left[name] & set(left)]:
        for name in free:
            del left[name]
    if left:
        raise BookError(
            new[next(iter(left))].place,
            f"{' and '.join(sorted(left))} import each other in a circle",
            "Move what both need into the lower of them, or into one module.",
        )


# ---- import statements


def import_lines(imports: dict[str, Import], width: int) -> list[str]:
    """Import statements, sorted and grouped as `ruff` does it; one string a group."""
    groups: list[list[str]] = [[], [], []]  # standard library, others', our own
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
    for origin in sorted(parts, key=natural):
        members = sorted(parts[origin], key=member_order)
        text = f"from {origin} import {', '.join(members)}"
        if len(text) > width:
            text = f"from {origin} import (\n    " + ",\n    ".join(members) + ",\n)"
        groups[group(origin)].append(text)
    return ["\n".join(lines) for lines in groups if lines]


def group(origin: str) -> int:
    """0 standard library, 1 other packages, 2 this package."""
    top = origin.split(".")[0]
    return 0 if top in sys.stdlib_module_names else 2 if top == PACKAGE else 1


def member_order(member: str) -> tuple:
    """CONSTANTS, then Classes, then functions."""
    name = member.split(" as ")[0]
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    return kind, natural(name)


def natural(name: str) -> list:
    """A sorting key that puts `int8` before `int16`."""
    return [int(p) if p.isdigit() else p.lower() for p in re.split(r"(\d+)", name)]
