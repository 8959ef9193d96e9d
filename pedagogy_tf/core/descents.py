"""Optimizers that say what they keep: RMSProp, Adagrad, Adadelta, Ftrl, proximal ones.

Each names its slots, its numbers, and the ops that take a step.
"""

# Generated from book/source/26_descents.md: change it there, then `make export`.

from pedagogy_tf.core.graph import colocate_with
from pedagogy_tf.core.initializers import Constant, Ones, Zeros
from pedagogy_tf.core.op import constant
from pedagogy_tf.core.ops.basic import identity
from pedagogy_tf.core.ops.descent import (
    apply_adadelta,
    apply_adagrad,
    apply_adagrad_da,
    apply_centered_rms_prop,
    apply_ftrl,
    apply_ftrl_v2,
    apply_proximal_adagrad,
    apply_proximal_gradient_descent,
    apply_rms_prop,
    sparse_apply_adadelta,
    sparse_apply_adagrad,
    sparse_apply_adagrad_da,
    sparse_apply_centered_rms_prop,
    sparse_apply_ftrl,
    sparse_apply_ftrl_v2,
    sparse_apply_proximal_adagrad,
    sparse_apply_proximal_gradient_descent,
    sparse_apply_rms_prop,
)
from pedagogy_tf.core.ops.math import cast
from pedagogy_tf.core.optimizers import Optimizer

__all__ = [
    "DeclaredOptimizer",
    "SHORT",
    "RMSPropOptimizer",
    "refuse_empty_sum",
    "AdagradOptimizer",
    "AdadeltaOptimizer",
    "ProximalGradientDescentOptimizer",
    "ProximalAdagradOptimizer",
    "refuse_negative",
    "FtrlOptimizer",
    "AdagradDAOptimizer",
]


## A class that only says what it keeps


class DeclaredOptimizer(Optimizer):
    """An optimizer that is described by what it keeps.

    Attributes:
      beginnings: slot name -> an Initializer, or a number: then a constant is made.
      numbers: name of a tensor -> a number, a tensor, or a function that gives one.
      dense, sparse: the rows of its steps.
    """

    beginnings, numbers = {}, {}
    dense = sparse = None

    def _prepare(self):
        self._tensors = {
            name: self._number(number, name) for name, number in self.numbers.items()
        }

    def _create_slots(self, var_list):
        for var in var_list:
            for slot, start in self.beginnings.items():
                self._begin(var, slot, start, self._name)

    def _begin(self, var, slot, start, name):
        """Make one slot of a variable."""
        dtype = var.dtype.base_dtype
        if callable(start):
            self._get_or_make_slot_with_initializer(
                var, start, var.shape, dtype, slot, name
            )
            return
        with colocate_with(var.op):
            value = constant(start, dtype, shape=var.shape)
        self._get_or_make_slot(var, value, slot, name)

    def _arguments(self):
        """The tensors by the names that the rows give them."""
        return {SHORT.get(name, name): tensor for name, tensor in self._tensors.items()}

    def _order(self):
        """The slots in the order in which the rows take them."""
        return list(self.beginnings)

    def _step(self, row, var, given):
        """The operation of a step: what its row asks for, by name."""
        dtype = var.dtype.base_dtype
        given |= {
            name: cast(tensor, dtype) for name, tensor in self._arguments().items()
        }
        places = iter([var, *[self.get_slot(var, slot) for slot in self._order()]])
        inputs = [next(places)._ref() if a.ref else given[a.name] for a in row.inputs]
        return row(*inputs, use_locking=self._use_locking).op

    def _apply_dense(self, grad, var):
        return self._step(self.dense, var, {"grad": grad, "delta": grad})

    def _apply_sparse(self, grad, var):
        given = {"grad": grad.values, "indices": grad.indices}
        return self._step(self.sparse, var, given)


SHORT = {
    "learning_rate": "lr",
    "l1_regularization_strength": "l1",
    "l2_regularization_strength": "l2",
    "l2_shrinkage_regularization_strength": "l2_shrinkage",
    "learning_rate_power": "lr_power",
    "decay": "rho",
}


### RMSProp, declared


class RMSPropOptimizer(DeclaredOptimizer):
    """A step by the mean square of recent gradients (Hinton, lecture 6e, 2012).

    Args:
      learning_rate: about how far an element moves in a step; > 0.
      decay: which part of the mean square is kept, in [0, 1).
      momentum: which part of the last step is added, in [0, 1).
      epsilon: keeps the step finite, > 0.
      use_locking, name: see Optimizer.
      centered: subtract the square of the mean: divide by the deviation.
    """

    def __init__(
        self,
        learning_rate,
        decay=0.9,
        momentum=0.0,
        epsilon=1e-10,
        use_locking=False,
        centered=False,
        name="RMSProp",
    ):
        super().__init__(use_locking, name)
        self.numbers = {
            "learning_rate": learning_rate,
            "decay": decay,
            "momentum": momentum,
            "epsilon": epsilon,
        }
        mean = {"mg": Zeros()} if centered else {}
        self.beginnings = {"rms": Ones(), **mean, "momentum": Zeros()}
        self._centered = centered
        self.dense = apply_centered_rms_prop if centered else apply_rms_prop
        self.sparse = (
            sparse_apply_centered_rms_prop if centered else sparse_apply_rms_prop
        )

    def _order(self):
        return ["mg", "rms", "momentum"] if self._centered else ["rms", "momentum"]


### Adagrad and Adadelta, declared


def refuse_empty_sum(initial_accumulator_value):
    """Raise ValueError if the sum of squares would begin with zero or less."""
    if initial_accumulator_value <= 0.0:
        raise ValueError(
            f"initial_accumulator_value must be positive: {initial_accumulator_value}"
        )


class AdagradOptimizer(DeclaredOptimizer):
    """A step by the sum of all squared gradients (Duchi et al., JMLR 2011).

    Args:
      learning_rate: the length of the first steps; > 0.
      initial_accumulator_value: what the sum starts with; > 0.
      use_locking, name: see Optimizer.
    """

    dense, sparse = apply_adagrad, sparse_apply_adagrad

    def __init__(
        self,
        learning_rate,
        initial_accumulator_value=0.1,
        use_locking=False,
        name="Adagrad",
    ):
        refuse_empty_sum(initial_accumulator_value)
        super().__init__(use_locking, name)
        self.numbers = {"learning_rate": learning_rate}
        self.beginnings = {"accumulator": Constant(initial_accumulator_value)}


class AdadeltaOptimizer(DeclaredOptimizer):
    """A step as long as past steps were, for a gradient as large as past ones.

    Zeiler, arXiv:1212.5701.

    Args:
      learning_rate: a factor for the steps; 1 in the paper.
      rho: which part of the mean squares is kept, in [0, 1).
      epsilon: starts the steps, > 0.
      use_locking, name: see Optimizer.
    """

    beginnings = {"accum": Zeros(), "accum_update": Zeros()}
    dense, sparse = apply_adadelta, sparse_apply_adadelta

    def __init__(
        self,
        learning_rate=0.001,
        rho=0.95,
        epsilon=1e-8,
        use_locking=False,
        name="Adadelta",
    ):
        super().__init__(use_locking, name)
        self.numbers = {"lr": learning_rate, "rho": rho, "epsilon": epsilon}


### The proximal ones, declared


class ProximalGradientDescentOptimizer(DeclaredOptimizer):
    """Gradient descent with a pull towards zero. See shrink.

    Args:
      learning_rate: a number > 0, a tensor, or a function that gives one.
      l1_regularization_strength: how far each step pulls towards 0, per learning rate.
      l2_regularization_strength: by which part each step shortens, likewise.
      use_locking, name: see Optimizer.
    """

    dense = apply_proximal_gradient_descent
    sparse = sparse_apply_proximal_gradient_descent

    def __init__(
        self,
        learning_rate,
        l1_regularization_strength=0.0,
        l2_regularization_strength=0.0,
        use_locking=False,
        name="ProximalGradientDescent",
    ):
        super().__init__(use_locking, name)
        self.numbers = {
            "learning_rate": learning_rate,
            "l1_regularization_strength": l1_regularization_strength,
            "l2_regularization_strength": l2_regularization_strength,
        }

    def _arguments(self):
        return super()._arguments() | {"alpha": self._tensors["learning_rate"]}


class ProximalAdagradOptimizer(DeclaredOptimizer):
    """Adagrad with a pull towards zero; see ProximalGradientDescentOptimizer."""

    dense, sparse = apply_proximal_adagrad, sparse_apply_proximal_adagrad

    def __init__(
        self,
        learning_rate,
        initial_accumulator_value=0.1,
        l1_regularization_strength=0.0,
        l2_regularization_strength=0.0,
        use_locking=False,
        name="ProximalAdagrad",
    ):
        refuse_empty_sum(initial_accumulator_value)
        super().__init__(use_locking, name)
        self.beginnings = {"accumulator": initial_accumulator_value}
        self.numbers = {
            "learning_rate": learning_rate,
            "l1_regularization_strength": l1_regularization_strength,
            "l2_regularization_strength": l2_regularization_strength,
        }


### The leader, declared


def refuse_negative(**numbers):
    """Raise ValueError for the first number below zero."""
    for name, number in numbers.items():
        if number < 0.0:
            raise ValueError(f"{name} {number} needs to be positive or zero")


class FtrlOptimizer(DeclaredOptimizer):
    """Follow the regularized leader (McMahan et al., KDD 2013): few weights stay.

    Args:
      learning_rate: > 0.
      learning_rate_power: how the rate falls with the gradients seen; <= 0.
      initial_accumulator_value: what the sum of squares starts with; >= 0.
      l1_regularization_strength: makes weights exactly 0; >= 0.
      l2_regularization_strength: keeps weights small; >= 0.
      use_locking, name: see Optimizer.
      accum_name, linear_name: names of the slots, if not the optimizer's.
      l2_shrinkage_regularization_strength: a pull towards 0 in the gradient; >= 0.
    """

    def __init__(
        self,
        learning_rate,
        learning_rate_power=-0.5,
        initial_accumulator_value=0.1,
        l1_regularization_strength=0.0,
        l2_regularization_strength=0.0,
        use_locking=False,
        name="Ftrl",
        accum_name=None,
        linear_name=None,
        l2_shrinkage_regularization_strength=0.0,
    ):
        super().__init__(use_locking, name)
        shrinkage = l2_shrinkage_regularization_strength
        strengths = {
            "l1_regularization_strength": l1_regularization_strength,
            "l2_regularization_strength": l2_regularization_strength,
            "l2_shrinkage_regularization_strength": shrinkage,
        }
        start = {"initial_accumulator_value": initial_accumulator_value}
        refuse_negative(**start, **strengths)
        if learning_rate_power > 0.0:
            raise ValueError(
                f"learning_rate_power {learning_rate_power} needs to be "
                "negative or zero"
            )
        self.beginnings = {"accum": initial_accumulator_value, "linear": Zeros()}
        self.numbers = {
            "learning_rate": learning_rate,
            **strengths,
            "learning_rate_power": learning_rate_power,
        }
        self._slot_names = {"accum": accum_name, "linear": linear_name}
        plain = shrinkage <= 0
        self.dense = apply_ftrl if plain else apply_ftrl_v2
        self.sparse = sparse_apply_ftrl if plain else sparse_apply_ftrl_v2

    def _begin(self, var, slot, start, name):
        super()._begin(var, slot, start, self._slot_names[slot] or name)


class AdagradDAOptimizer(DeclaredOptimizer):
    """Dual averaging (Duchi et al., 2011): from zero along the sum of all gradients.

    Args:
      learning_rate: > 0.
      global_step: a variable that counts the steps.
      initial_gradient_squared_accumulator_value: what the sum of squares starts with.
      l1_regularization_strength, l2_regularization_strength: pull towards 0; >= 0.
      use_locking, name: see Optimizer.
    """

    dense, sparse = apply_adagrad_da, sparse_apply_adagrad_da

    def __init__(
        self,
        learning_rate,
        global_step,
        initial_gradient_squared_accumulator_value=0.1,
        l1_regularization_strength=0.0,
        l2_regularization_strength=0.0,
        use_locking=False,
        name="AdagradDA",
    ):
        super().__init__(use_locking, name)
        self.numbers, self._count = {"learning_rate": learning_rate}, global_step
        self._pulls = l1_regularization_strength, l2_regularization_strength
        self._start = initial_gradient_squared_accumulator_value

    def _order(self):
        return ["gradient_accumulator", "gradient_squared_accumulator"]

    def _create_slots(self, var_list):
        sums, squares = self._order()
        for var in var_list:
            with colocate_with(var.op):
                zero = constant(0.0, var.dtype.base_dtype, shape=var.shape)
                start = constant(self._start, var.dtype.base_dtype, shape=var.shape)
            self._get_or_make_slot(var, zero, sums, self._name)
            self._get_or_make_slot(var, start, squares, self._name)

    def _prepare(self):
        DeclaredOptimizer._prepare(self)
        with colocate_with(self._tensors["learning_rate"].op):
            self._step_number = identity(self._count) + 1

    def _step(self, row, var, given):
        with colocate_with(var.op):
            given["global_step"] = identity(self._step_number)
        dtype = var.dtype.base_dtype
        given["l1"], given["l2"] = (
            constant(pull, dtype, name=name)
            for pull, name in zip(self._pulls, ("Cast/x", "Cast_1/x"), strict=True)
        )
        return DeclaredOptimizer._step(self, row, var, given)
