"""Moving averages of variables and tensors."""

# Generated from book/source/27_schedules.md: change it there, then `make export`.

from pedagogy_tf.core.dtypes import bfloat16, float16, float32, float64
from pedagogy_tf.core.graph import (
    GraphKeys,
    colocate_with,
    control_dependencies,
    get_default_graph,
    name_scope,
)
from pedagogy_tf.core.initializers import Zeros
from pedagogy_tf.core.op import convert_to_tensor
from pedagogy_tf.core.ops.basic import group
from pedagogy_tf.core.ops.math import cast, minimum, pow_
from pedagogy_tf.core.scopes import get_variable, variable_scope
from pedagogy_tf.core.slots import create_slot, create_zeros_slot
from pedagogy_tf.core.variables import (
    Variable,
    assign,
    assign_sub,
    global_variables,
    moving_average_variables,
    trainable_variables,
)

__all__ = ["assign_moving_average", "ExponentialMovingAverage"]


## The average of the places


def assign_moving_average(variable, value, decay, zero_debias=True, name=None):
    """The operation that moves a variable v to v - (1 - decay) * (v - value).

    Args:
      variable: the average.
      value: a tensor of its shape.
      decay: which part stays; a float in (0, 1) or a tensor.
      zero_debias: the average started at 0: divide by what it has seen so far
        (Kingma and Ba, 2014, section 3). Two more variables are made for that.
      name: the name of the operation.
    """
    with name_scope(name, "AssignMovingAvg", [variable, value, decay]) as scope:
        part = cast(convert_to_tensor(1.0 - decay, name="decay"), variable.dtype)
        if not zero_debias:
            return assign_sub(variable, (variable - value) * part, name=scope)
        with variable_scope(variable.op.name), colocate_with(variable.op):
            options = {"initializer": Zeros(), "trainable": False}
            shape, dtype = variable.get_shape(), variable.dtype.base_dtype
            biased = get_variable("biased", shape, dtype, **options)
            count = get_variable("local_step", [], dtype, **options)
        moved = biased.assign_sub((biased - value) * part)
        steps = count.assign_add(1.0)
        seen = 1.0 - pow_(1.0 - part, steps)
        return assign(variable, moved / seen, name=scope)


class ExponentialMovingAverage:
    """Shadows that follow variables or tensors.

    Args:
      decay: which part of the shadow stays in each step, in (0, 1).
      num_updates: a number of steps, mostly the global step: with it the decay begins
        small, min(decay, (1 + num_updates) / (10 + num_updates)).
      zero_debias: for tensors, whose shadows start at 0: make up for that start.
      name: the scope of the nodes, and the name of the shadows.
    """

    def __init__(
        self,
        decay,
        num_updates=None,
        zero_debias=False,
        name="ExponentialMovingAverage",
    ):
        self._decay, self._num_updates = decay, num_updates
        self._zero_debias, self._name = zero_debias, name
        self._averages = {}

    @property
    def name(self):
        """The name of the shadows."""
        return self._name

    def apply(self, var_list=None):
        """The operation that moves the shadows once.

        Args:
          var_list: variables, or tensors; by default the trainable variables. Their
            shadows are made here, and start with the value that a variable starts with.

        Raises:
          TypeError: if one is no float.
        """
        var_list = trainable_variables() if var_list is None else var_list
        biased = set()  # the shadows that start at zero
        for var in var_list:
            if var.dtype.base_dtype not in (float16, bfloat16, float32, float64):
                raise TypeError(
                    f"The variables must be half, float, or double: {var.name}"
                )
            if var not in self._averages:
                with control_dependencies(None):
                    self._averages[var] = self._shadow(var)
                if self._zero_debias and not isinstance(var, Variable):
                    biased.add(var)
        with name_scope(self._name) as scope:
            decay = self._decay_now()
            moves = [
                assign_moving_average(self._averages[v], v, decay, v in biased)
                for v in var_list
            ]
            return group(*moves, name=scope)

    def _shadow(self, var):
        """A new shadow of a variable, or of a tensor."""
        if not isinstance(var, Variable):
            return create_zeros_slot(var, self._name, colocate_with_primary=False)
        shadow = create_slot(var, var.initialized_value(), self._name)
        get_default_graph().add_to_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, var)
        return shadow

    def _decay_now(self):
        """The decay of this step, as a tensor."""
        decay = convert_to_tensor(self._decay, name="decay")
        if self._num_updates is None:
            return decay
        steps = cast(self._num_updates, float32, name="num_updates")
        return minimum(decay, (1.0 + steps) / (10.0 + steps))

    def average(self, var):
        """The shadow of a variable or tensor; None if it has none."""
        return self._averages.get(var)

    def average_name(self, var):
        """The name that the shadow has, or would have."""
        if var in self._averages:
            return self._averages[var].op.name
        return get_default_graph().unique_name(
            f"{var.op.name}/{self._name}", mark_as_used=False
        )

    def variables_to_restore(self, moving_avg_variables=None):
        """{name in a checkpoint: variable}, to read shadows into the variables.

        Args:
          moving_avg_variables: those that have a shadow in the checkpoint; by default
            all trainable ones and those that some average follows.
        """
        if moving_avg_variables is None:
            moving_avg_variables = trainable_variables() + moving_average_variables()
        names = {self.average_name(v): v for v in moving_avg_variables}
        for v in global_variables():
            if v not in moving_avg_variables:
                names.setdefault(v.op.name, v)
        return names
