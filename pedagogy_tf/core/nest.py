"""Structures: lists, tuples and dicts in each other, with anything for leaves.

The leaves of a structure have an order: that of lists and tuples; in a dict, that of
the sorted keys. Composites, objects made of several tensors, count as leaves or, where
it is asked for, as lists of their parts.
"""

# Generated from book/source/20_control.md: change it there, then `make export`.

from collections.abc import Mapping

__all__ = [
    "COMPOSITES",
    "is_nested",
    "parts_of",
    "with_parts",
    "flatten",
    "pack_sequence_as",
    "assert_same_structure",
    "described",
    "Dot",
    "outline",
    "compare",
    "alike",
    "map_structure",
]


## Structures

COMPOSITES = {}  # type -> (its parts as a list, an object like it from other parts)


def is_nested(seq, expand_composites=False):
    """Whether it is a list, a tuple or a dict; or a composite, if these count."""
    if expand_composites and type(seq) in COMPOSITES:
        return True
    return isinstance(seq, (list, tuple, Mapping))


def parts_of(structure):
    """The parts of a nested structure, one level down, in order."""
    if type(structure) in COMPOSITES:
        return COMPOSITES[type(structure)][0](structure)
    if isinstance(structure, Mapping):
        return [structure[key] for key in sorted(structure)]
    return list(structure)


def with_parts(structure, parts):
    """A structure like this one, with other parts."""
    if type(structure) in COMPOSITES:
        return COMPOSITES[type(structure)][1](structure, parts)
    if isinstance(structure, Mapping):
        part = dict(zip(sorted(structure), parts, strict=True))
        return type(structure)((key, part[key]) for key in structure)
    if hasattr(structure, "_fields"):  # a named tuple
        return type(structure)(*parts)
    return type(structure)(parts)


def flatten(structure, expand_composites=False):
    """The leaves of a structure, in order; `[x]` for an x that is a leaf itself."""
    if not is_nested(structure, expand_composites):
        return [structure]
    return [
        leaf
        for part in parts_of(structure)
        for leaf in flatten(part, expand_composites)
    ]


def pack_sequence_as(structure, flat_sequence, expand_composites=False):
    """A structure like this one, with the leaves of a list.

    Raises:
      TypeError: `flat_sequence` is no list.
      ValueError: it does not have as many items as the structure has leaves.
    """
    if not is_nested(flat_sequence):
        raise TypeError("flat_sequence must be a sequence")
    need, have = len(flatten(structure, expand_composites)), len(flat_sequence)
    if need != have and not is_nested(structure, expand_composites):
        raise ValueError(f"Structure is a scalar but len(flat_sequence) == {have} > 1")
    if need != have:
        raise ValueError(
            f"Could not pack sequence. Structure had {need} elements, but "
            "flat_sequence "
            f"had {have} elements.  Structure: {structure}, flat_sequence: "
            f"{flat_sequence}."
        )
    leaves = iter(flat_sequence)

    def build(part):
        if not is_nested(part, expand_composites):
            return next(leaves)
        return with_parts(part, [build(p) for p in parts_of(part)])

    return build(structure)


def assert_same_structure(nest1, nest2, check_types=True, expand_composites=False):
    """Raise unless two structures have the same form.

    Args:
      nest1, nest2: the structures.
      check_types: whether a list and a tuple count as different.
      expand_composites: whether composites count as nested.

    Raises:
      TypeError: a part is of another type.
      ValueError: a part is nested where the other's is not, or has other parts.
    """
    try:
        compare(nest1, nest2, check_types, expand_composites)
    except (TypeError, ValueError) as error:
        dots = [outline(nest, expand_composites) for nest in (nest1, nest2)]
        raise type(error)(
            "The two structures don't have the same nested structure.\n\n"
            f"First structure: {described(nest1)}\n\n"
            f"Second structure: {described(nest2)}\n\n"
            f"More specifically: {error}\n"
            f"Entire first structure:\n{dots[0]}\nEntire second structure:\n{dots[1]}"
        ) from None


def described(part):
    """A part in a message: its type and what it shows of itself."""
    return f"type={type(part).__name__} str={part}"


class Dot:
    """A leaf in an outline."""

    def __repr__(self):
        return "."


def outline(structure, expand_composites):
    """The structure with dots for leaves."""
    dots = [Dot() for _ in flatten(structure, expand_composites)]
    return pack_sequence_as(structure, dots, expand_composites)


def compare(x, y, check_types, expand):
    """Raise with the first difference between the forms of two structures."""
    if not is_nested(x, expand) and not is_nested(y, expand):
        return
    if is_nested(x, expand) != is_nested(y, expand):
        nested, leaf = (x, y) if is_nested(x, expand) else (y, x)
        raise ValueError(
            f'Substructure "{described(nested)}" is a sequence, while substructure '
            f'"{described(leaf)}" is not'
        )
    if check_types and not alike(x, y):
        kinds = type(x).__name__, type(y).__name__
        raise TypeError(
            "The two namedtuples don't have the same sequence type. First structure "
            f"{described(x)} has type {kinds[0]}, while second structure "
            f"{described(y)} "
            f"has type {kinds[1]}"
        )
    if isinstance(x, Mapping) and isinstance(y, Mapping) and x.keys() != y.keys():
        keys = described(list(x)), described(list(y))
        raise ValueError(
            "The two dictionaries don't have the same set of keys. First structure has "
            f"keys {keys[0]}, while second structure has keys {keys[1]}"
        )
    for a, b in zip(parts_of(x), parts_of(y)):
        compare(a, b, check_types, expand)
    if len(parts_of(x)) != len(parts_of(y)):
        raise ValueError(
            "The two structures don't have the same number of elements. First "
            "structure: "
            f"{described(x)}. Second structure: {described(y)}"
        )


def alike(x, y):
    """Whether two nested parts are of types that count as the same."""
    if isinstance(x, Mapping) and isinstance(y, Mapping):
        return True
    fields = getattr(x, "_fields", None)
    if fields is not None and type(x).__name__ == type(y).__name__:
        return fields == getattr(y, "_fields", None)
    return type(x) is type(y)


def map_structure(func, *structure, **kwargs):
    """A structure of what `func` gives for the leaves of one or more structures.

    Args:
      func: takes as many arguments as there are structures.
      *structure: structures of the same form.
      **kwargs: `check_types` and `expand_composites`, as in `assert_same_structure`.

    Raises:
      TypeError, ValueError: `func` is no function, or the forms differ.
    """
    if not callable(func):
        raise TypeError(f"func must be callable, got: {func}")
    if not structure:
        raise ValueError("Must provide at least one structure")
    expand = kwargs.get("expand_composites", False)
    for name in kwargs.keys() - {"check_types", "expand_composites"}:
        raise ValueError(
            "Only valid keyword arguments are `check_types` and `expand_composites`, "
            f"not: `{name}`"
        )
    for other in structure[1:]:
        assert_same_structure(structure[0], other, **kwargs)
    leaves = [flatten(part, expand) for part in structure]
    found = [func(*together) for together in zip(*leaves, strict=True)]
    return pack_sequence_as(structure[0], found, expand)
