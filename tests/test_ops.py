"""Every row of the registry has its columns filled.

That every op was also *checked* where it is built is tested in tests/test_examples.py,
which runs the chapters.
"""

import importlib
import inspect
import pkgutil

import pytest

import pedagogy_tf
from pedagogy_tf.core.graph import ROWS
from pedagogy_tf.core.op import GRADIENTS

# Whoever asks for one of these is told so.
NONE_IN_TENSORFLOW = ("SoftsignGrad", "LRNGrad", "MaxPoolGradWithArgmax")

for module in pkgutil.walk_packages(pedagogy_tf.core.__path__, "pedagogy_tf.core."):
    importlib.import_module(module.name)


@pytest.mark.parametrize("type", sorted(ROWS))
def test_row(type):
    row = ROWS[type]
    assert row.shape_rule, f"give the row a shape rule: @{row.__name__}.shape"
    assert type in (*GRADIENTS, *NONE_IN_TENSORFLOW), (
        f"give the row a gradient rule: @{row.__name__}.gradient; or say that no blame "
        f"flows through it: {row.__name__}.gradient(None)"
    )
    assert row.__doc__, "say what the op does, in the kernel's docstring"


@pytest.mark.parametrize("type", sorted(ROWS))
def test_gradient_rule_takes_blame_for_each_output(type):
    row, rule = ROWS[type], GRADIENTS.get(type)
    if rule is None or any(argument.is_list for argument in row.outputs):
        return
    inspect.signature(rule).bind("op", *row.outputs)


@pytest.mark.parametrize("type", sorted(ROWS))
def test_kernel_takes_inputs_and_attributes(type):
    row = ROWS[type]
    attrs = dict.fromkeys(row.attrs)
    inspect.signature(row.kernel).bind("xp or run", *row.inputs, **attrs)
