"""The commands of the machine; the Makefile calls them.

export          write the package and its table in ARCHITECTURE.md
chapter NN      the same, as far as chapters allow, then run chapter NN
run [NN]        run the chapters that changed (--force: all), two at a time
check           do text, notebook and package agree? (--advice: style, too)
format [NN]     format the code cells in the texts
size            lines of code per room
links           check the links of the built book
pdf             print the book
"""

from __future__ import annotations

import argparse
import sys

from tools import export, size
from tools.chapters import BookError, Chapter, read_all


def select(chapters: list[Chapter], numbers: list[str]) -> list[Chapter]:
    """The chapters with these numbers or names; all when none is given.

    Raises:
        BookError: no chapter has that number.
    """
    found = []
    for number in numbers:
        prefix = number.zfill(2)
        match = [c for c in chapters if c.name == number or c.name[:2] == prefix]
        if not match:
            known = ", ".join(c.name for c in chapters)
            raise BookError(number, "no such chapter can be read", f"Known: {known}")
        found += match
    return found if numbers else chapters


def do_export(args):
    """Write the package, and its table in ARCHITECTURE.md."""
    export.write(export.build(read_all()))
    size.write()


def do_chapter(args):
    """Run chapters in the making; what is broken in others is told and left out."""
    from tools import notebook, style

    if not args.numbers:
        raise BookError("make chapter", "which one?", "Say make chapter C=05.")
    broken: list[BookError] = []
    chapters = read_all(broken)
    export.write(export.build(chapters, broken), delete=not broken)
    for error in broken:
        print(f"left out: {error}\n", file=sys.stderr)
    wanted = select(chapters, args.numbers)
    if any(chapter.path.name in error.place for chapter in wanted for error in broken):
        raise BookError("make chapter", "it was left out", "The reason is above.")
    raise_all(notebook.run(wanted, force=True))
    for text in [text for chapter in wanted for text in style.advice(chapter)]:
        print(text)


def do_run(args):
    """Run the chapters that changed."""
    from tools import notebook

    raise_all(notebook.run(select(read_all(), args.numbers), args.force))


def raise_all(errors: list[BookError]):
    """Tell all errors, if there are any."""
    for error in errors:
        print(error, file=sys.stderr)
    if errors:
        raise SystemExit(1)


def do_check(args):
    """Print what is wrong, and advice on request."""
    from tools import check

    for text in check.advice() if args.advice else []:
        print(f"advice: {text}")
    found = check.problems()
    print(*found, f"check: {len(found)} problems", sep="\n")
    raise SystemExit(bool(found))


def do_format(args):
    """Format code cells."""
    from tools import style

    for chapter in select(read_all(), args.numbers):
        print(f"{chapter.name}: {style.format_text(chapter)} cells changed")


def do_size(args):
    """Print the floors and their rooms."""
    print(size.table())


def do_links(args):
    """Check the built book."""
    from tools import links

    raise SystemExit(links.main())


def do_pdf(args):
    """Print the book."""
    from tools import pdf

    raise SystemExit(pdf.main())


def main() -> int:
    """Parse the command line and do what it says."""
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("tools", None, __doc__, formatter_class=plain)
    commands = {n[3:]: f for n, f in globals().items() if n.startswith("do_")}
    parser.add_argument("command", choices=commands)
    parser.add_argument("numbers", nargs="*")
    parser.add_argument("--force", action="store_true")
    parser.add_argument("--advice", action="store_true")
    args = parser.parse_args()
    try:
        commands[args.command](args)
    except BookError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
