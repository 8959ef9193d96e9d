"""Commands: python -m tools COMMAND [chapter numbers]."""

from __future__ import annotations

import argparse
import os
import sys

from tools import chapters, export

os.environ.setdefault("PYTHONHASHSEED", "0")


def load(broken: list | None = None) -> list[chapters.Chapter]:
    """All chapters; those that cannot be read go to broken, if there is such a list."""
    found = []
    for path in chapters.paths():
        try:
            found.append(chapters.read(path))
        except chapters.BookError as error:
            if broken is None:
                raise
            broken.append(error)
    return found


def write_package(broken: list | None = None):
    """Write the modules that changed; without broken chapters, delete what is gone."""
    texts = export.build(load(broken), broken)
    root = chapters.ROOT
    for name, text in texts.items():
        path = root / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            print(f"wrote {name}")
    if not broken:
        for path in sorted((root / chapters.PACKAGE).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if name not in texts and export.MARK in path.read_text("utf-8"):
                path.unlink()
                print(f"removed {name}")


def one_chapter(number: str):
    """Export what can be exported, then run one chapter."""
    from tools import notebook

    broken: list = []
    path = next((p for p in chapters.paths() if p.name.startswith(f"{number}_")), None)
    if path is None:
        raise chapters.BookError("make chapter", f"no chapter {number!r}", "C=05")
    write_package(broken)
    for error in broken:
        print(f"left out: {error}", file=sys.stderr)
    if any(path.name in str(error) for error in broken):
        raise chapters.BookError(path.name, "see above", "This chapter was not run.")
    notebook.execute(chapters.read(path))
    print(f"ran book/source/{path.name}")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools")
    parser.add_argument("command", choices=["export", "chapter"])
    parser.add_argument("chapters", nargs="*")
    args = parser.parse_args(argv)
    try:
        if args.command == "export":
            write_package()
        else:
            for number in args.chapters:
                one_chapter(number)
    except chapters.BookError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
