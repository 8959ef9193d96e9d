"""Slots: variables that belong to a variable, and are named after it."""

# Generated from book/source/18_optimizers.md: change it there, then `make export`.

from contextlib import nullcontext

from pedagogy_tf.core.graph import colocate_with
from pedagogy_tf.core.initializers import Zeros
from pedagogy_tf.core.ops.basic import shape, zeros
from pedagogy_tf.core.scopes import get_variable, variable_scope

__all__ = [
    "make_slot",
    "create_slot",
    "create_slot_with_initializer",
    "create_zeros_slot",
]


## Memory: slots


def make_slot(primary, name, beside, **options):
    """A variable in a variable scope of its own, on its owner's device if beside."""
    with variable_scope(None, f"{primary.op.name}/{name}"):
        with colocate_with(primary.op) if beside else nullcontext():
            return get_variable("", trainable=False, **options)


def create_slot(primary, val, name, colocate_with_primary=True):
    """A new slot of a variable or tensor, `primary/name`, which starts as a tensor."""
    return make_slot(primary, name, colocate_with_primary, initializer=val)


def create_slot_with_initializer(
    primary, initializer, shape, dtype, name, colocate_with_primary=True
):
    """A new slot of that shape and dtype, filled by an initializer."""
    options = {"initializer": initializer, "shape": shape, "dtype": dtype}
    return make_slot(primary, name, colocate_with_primary, **options)


def create_zeros_slot(primary, name, dtype=None, colocate_with_primary=True):
    """A new slot of zeros, of the shape of its owner."""
    dtype = (dtype or primary.dtype).base_dtype
    known, beside = primary.get_shape(), colocate_with_primary
    if known.is_fully_defined():
        return create_slot_with_initializer(
            primary, Zeros(), known, dtype, name, beside
        )
    value = zeros(shape(primary), dtype)
    return make_slot(primary, name, beside, initializer=value, validate_shape=False)
