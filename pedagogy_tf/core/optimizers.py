"""Optimizers: from a loss to one operation that makes it smaller.

`minimize` is `compute_gradients` followed by `apply_gradients`. All gradients are
computed before the first variable moves.
"""

# Generated from book/source/18_optimizers.md: change it there, then `make export`.

from pedagogy_tf.core.dtypes import bfloat16, float16, float32, float64
from pedagogy_tf.core.errors import explain, user_site
from pedagogy_tf.core.gradients import gradients
from pedagogy_tf.core.graph import (
    GraphKeys,
    Tensor,
    colocate_with,
    control_dependencies,
    get_default_graph,
    name_scope,
)
from pedagogy_tf.core.op import convert_to_tensor
from pedagogy_tf.core.ops.array import unique, unsorted_segment_sum
from pedagogy_tf.core.ops.basic import IndexedSlices, group, shape, tuple_
from pedagogy_tf.core.ops.elementwise import sqrt
from pedagogy_tf.core.ops.math import cast
from pedagogy_tf.core.ops.state import scatter_add_op
from pedagogy_tf.core.ops.training import (
    apply_adam,
    apply_gradient_descent,
    apply_momentum,
    sparse_apply_momentum,
)
from pedagogy_tf.core.slots import (
    create_slot,
    create_slot_with_initializer,
    create_zeros_slot,
)
from pedagogy_tf.core.variables import (
    Variable,
    assign,
    assign_add,
    assign_sub,
    trainable_variables,
)

__all__ = [
    "Optimizer",
    "GradientDescentOptimizer",
    "MomentumOptimizer",
    "AdamOptimizer",
]


## An optimizer is two halves


class Optimizer:
    """What all optimizers share.

    Args:
      use_locking: passed on to the ops that move variables.
      name: the scope of the operations, and the name of what is kept per variable.

    Attributes:
      GATE_NONE, GATE_OP, GATE_GRAPH: when a gradient may be used: as soon as it is
        there; when the operation it came from has all of its own; when all are there.
    """

    GATE_NONE, GATE_OP, GATE_GRAPH = 0, 1, 2

    def __init__(self, use_locking, name):
        if not name:
            raise ValueError("Must specify the optimizer name")
        self._use_locking, self._name = use_locking, name
        self._slots = {}  # slot name -> {variable: its slot}
        self._others = {}  # (name, graph) -> a variable that belongs to no variable

    def get_name(self):
        """The name of the optimizer."""
        return self._name

    def _create_slots(self, var_list):
        """Write the variables that the optimizer keeps; none by default."""

    def _prepare(self):
        """Write the optimizer's numbers as tensors; none by default."""

    def _finish(self, update_ops, name_scope):
        """The operation that waits for all steps."""
        return group(*update_ops, name=name_scope)

    def _apply_dense(self, grad, var):
        """The operation that moves `var` by a gradient of its shape."""
        raise NotImplementedError(f"{type(self).__name__} has no _apply_dense")

    def _apply_sparse(self, grad, var):
        """The operation that moves some rows of `var`; each row comes once."""
        raise NotImplementedError(f"{type(self).__name__} has no _apply_sparse")

    def _call_if_callable(self, value):
        """A number, or what a function without arguments gives."""
        return value() if callable(value) else value

    def _number(self, value, name):
        """One of the optimizer's numbers, or a function that gives it, as a tensor."""
        return convert_to_tensor(self._call_if_callable(value), name=name)

    def _to_change(self, var_list):
        """The variables to change, as a list; the trainable ones if None are given."""
        if var_list is None:
            var_list = trainable_variables()
        elif not isinstance(var_list, (list, tuple)):
            var_list = [var_list]
        if not var_list:
            raise ValueError("No variables to optimize.")
        return list(var_list)

    def _check_dtypes(self, tensors):
        """Raise ValueError unless all are floats."""
        allowed = (float32, float64, float16, bfloat16)
        for tensor in tensors:
            if tensor.dtype.base_dtype not in allowed:
                raise ValueError(
                    f"Invalid type {tensor.dtype.base_dtype!r} for {tensor.name}, "
                    f"expected: {list(allowed)}."
                )

    def compute_gradients(
        self,
        loss,
        var_list=None,
        gate_gradients=1,  # GATE_OP
        aggregation_method=None,
        colocate_gradients_with_ops=False,
        grad_loss=None,
    ):
        """The gradients, as a list of (gradient, variable); None where there is none.

        The arguments are those of `minimize`.
        """
        if gate_gradients not in (self.GATE_NONE, self.GATE_OP, self.GATE_GRAPH):
            raise ValueError(
                "gate_gradients must be one of: Optimizer.GATE_NONE, "
                f"Optimizer.GATE_OP, Optimizer.GATE_GRAPH.  Not {gate_gradients}"
            )
        self._check_dtypes([loss] if grad_loss is None else [loss, grad_loss])
        variables = self._to_change(var_list)
        grads = gradients(
            loss,
            variables,
            grad_ys=grad_loss,
            gate_gradients=gate_gradients == self.GATE_OP,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
        if gate_gradients == self.GATE_GRAPH:
            grads = tuple_(grads)
        pairs = list(zip(grads, variables, strict=True))
        self._check_dtypes([v for g, v in pairs if g is not None])
        return pairs

    def _checked(self, grad, variable):
        """A pair whose gradient is a tensor, IndexedSlices or None."""
        if isinstance(variable, Tensor):
            raise NotImplementedError("Trying to update a Tensor ", variable)
        if grad is None or isinstance(grad, IndexedSlices):
            return grad, variable
        try:
            return convert_to_tensor(grad), variable
        except TypeError:
            raise TypeError(
                "Gradient must be convertible to a Tensor or IndexedSlices, or None: "
                f"{grad}"
            ) from None

    def _update(self, grad, variable):
        """The step of one variable, and after it its constraint."""
        with name_scope(f"update_{variable.op.name}"), colocate_with(variable.op):
            sparse = isinstance(grad, IndexedSlices)
            apply = (
                self._apply_sparse_duplicate_indices if sparse else self._apply_dense
            )
            step = apply(grad, variable)
            if variable.constraint is None:
                return step
            if sparse:
                raise RuntimeError(
                    "Cannot use a constraint function on a sparse variable."
                )
            with control_dependencies([step]):
                return variable.assign(variable.constraint(variable))

    def _train_op(self, updates, global_step, name):
        """The operation that waits for all steps, and then counts them as one."""
        if global_step is None:
            return self._finish(updates, name)
        with control_dependencies([self._finish(updates, "update")]):
            with colocate_with(global_step):
                return assign_add(global_step, 1, name=name).op

    def apply_gradients(self, grads_and_vars, global_step=None, name=None):
        """The operation that moves variables by gradients.

        Args:
          grads_and_vars: pairs, as from `compute_gradients`.
          global_step: a variable to which 1 is added after the step.
          name: the name of the operation.
        """
        pairs = [self._checked(grad, variable) for grad, variable in grads_and_vars]
        if not pairs:
            raise ValueError("No variables provided.")
        moving = [(grad, variable) for grad, variable in pairs if grad is not None]
        if not moving:
            raise ValueError(
                f"No gradients provided for any variable: {[str(v) for _, v in pairs]}."
            )
        with control_dependencies(None):
            self._create_slots([variable for _, variable in moving])
        with name_scope(name, self._name) as scope:
            self._prepare()
            updates = [self._update(grad, variable) for grad, variable in moving]
            train_op = self._train_op(updates, global_step, scope)
        if train_op not in get_default_graph().get_collection_ref(GraphKeys.TRAIN_OP):
            get_default_graph().add_to_collection(GraphKeys.TRAIN_OP, train_op)
        return train_op

    def _refuse_nothing(self, grads_and_vars, loss):
        """Raise ValueError if the loss depends on none of the variables."""
        if any(grad is not None for grad, _ in grads_and_vars):
            return
        raise ValueError(
            explain(
                "No gradients provided for any variable, check your graph for "
                "ops that do not support gradients, between variables "
                f"{[str(v) for _, v in grads_and_vars]} and loss {loss}.",
                where=user_site(),
                expected="a loss that is computed from one of the variables",
            )
        )

    def minimize(
        self,
        loss,
        global_step=None,
        var_list=None,
        gate_gradients=1,  # GATE_OP
        aggregation_method=None,
        colocate_gradients_with_ops=False,
        name=None,
        grad_loss=None,
    ):
        """The operation that changes variables so that `loss` becomes smaller.

        Args:
          loss: a tensor; of its elements, the sum counts.
          global_step: a variable to which 1 is added after each step.
          var_list: the variables to change; the trainable ones by default.
          gate_gradients: GATE_NONE, GATE_OP or GATE_GRAPH.
          aggregation_method, colocate_gradients_with_ops: see `gradients`.
          name: the name of the operation.
          grad_loss: the blame to begin with; ones by default.

        Raises:
          ValueError: if there are no variables, or none that `loss` depends on.
        """
        grads_and_vars = self.compute_gradients(
            loss,
            var_list=var_list,
            gate_gradients=gate_gradients,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
            grad_loss=grad_loss,
        )
        self._refuse_nothing(grads_and_vars, loss)
        return self.apply_gradients(grads_and_vars, global_step=global_step, name=name)

    def _slot(self, var, slot_name, make):
        """The slot of `var` of that name; if it is new, `make()` makes it."""
        slots = self._slots.setdefault(slot_name, {})
        if var not in slots:
            slots[var] = make()
        return slots[var]

    def _zeros_slot(self, var, slot_name, op_name):
        """The slot of `var` of that name; made and filled with zeros if it is new."""
        return self._slot(var, slot_name, lambda: create_zeros_slot(var, op_name))

    def _get_or_make_slot(self, var, val, slot_name, op_name):
        """The slot of `var` of that name; starts as the tensor `val` if it is new."""
        return self._slot(var, slot_name, lambda: create_slot(var, val, op_name))

    def _get_or_make_slot_with_initializer(
        self, var, initializer, shape, dtype, slot_name, op_name
    ):
        """The slot of `var` of that name; filled by `initializer` if it is new."""
        start = initializer, shape, dtype
        return self._slot(
            var, slot_name, lambda: create_slot_with_initializer(var, *start, op_name)
        )

    def get_slot(self, var, name):
        """What the optimizer keeps for a variable: a Variable, or None."""
        return self._slots.get(name, {}).get(var)

    def get_slot_names(self):
        """The names of what it keeps for each variable, sorted."""
        return sorted(self._slots)

    def variables(self):
        """All that the optimizer keeps in the default graph."""
        graph = get_default_graph()
        kept = [v for slots in self._slots.values() for v in slots.values()]
        kept += list(self._others.values())
        return sorted((v for v in kept if v.graph is graph), key=lambda v: v.name)

    def _create_non_slot_variable(self, initial_value, name, colocate_with):
        """A variable that belongs to no other, one for each graph."""
        key = (name, colocate_with.graph)
        if key not in self._others:
            with colocate_with.graph.colocate_with(colocate_with.op):
                self._others[key] = Variable(initial_value, name=name, trainable=False)
        return self._others[key]

    def _get_non_slot_variable(self, name, graph=None):
        """A variable that belongs to no other, or None."""
        return self._others.get((name, graph))

    def _apply_sparse_duplicate_indices(self, grad, var):
        """The step for rows of which some may come twice: they are added up first."""
        rows, places = unique(grad.indices)
        summed = unsorted_segment_sum(grad.values, places, shape(rows)[0])
        return self._apply_sparse(IndexedSlices(summed, rows, grad.dense_shape), var)


## Gradient descent


class GradientDescentOptimizer(Optimizer):
    """A step of fixed length times the gradient: var - learning_rate * grad.

    Args:
      learning_rate: a number > 0, a tensor, or a function that gives one.
      use_locking, name: see Optimizer.
    """

    def __init__(self, learning_rate, use_locking=False, name="GradientDescent"):
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate

    def _prepare(self):
        self._rate = self._number(self._learning_rate, "learning_rate")

    def _apply_dense(self, grad, var):
        rate = cast(self._rate, var.dtype.base_dtype)
        return apply_gradient_descent(
            var._ref(), rate, grad, use_locking=self._use_locking
        ).op

    def _apply_sparse_duplicate_indices(self, grad, var):
        step = grad.values * cast(self._rate, var.dtype.base_dtype)
        rows = IndexedSlices(step, grad.indices, grad.dense_shape)
        return var.scatter_sub(rows, use_locking=self._use_locking)


### Momentum


class MomentumOptimizer(Optimizer):
    """Gradient descent that keeps its speed. Slot `momentum`.

    Args:
      learning_rate: a number > 0, a tensor, or a function that gives one.
      momentum: which part of the speed is kept, in [0, 1), likewise.
      use_locking, name: see Optimizer.
      use_nesterov: look ahead (Nesterov 1983; Sutskever et al., ICML 2013).
    """

    def __init__(
        self,
        learning_rate,
        momentum,
        use_locking=False,
        name="Momentum",
        use_nesterov=False,
    ):
        super().__init__(use_locking, name)
        self._learning_rate, self._momentum = learning_rate, momentum
        self._use_nesterov = use_nesterov

    def _create_slots(self, var_list):
        for var in var_list:
            self._zeros_slot(var, "momentum", self._name)

    def _prepare(self):
        self._rate = self._number(self._learning_rate, "learning_rate")
        self._kept = self._number(self._momentum, "momentum")

    def _apply_dense(self, grad, var):
        dtype = var.dtype.base_dtype
        return apply_momentum(
            var._ref(),
            self.get_slot(var, "momentum")._ref(),
            cast(self._rate, dtype),
            grad,
            cast(self._kept, dtype),
            use_locking=self._use_locking,
            use_nesterov=self._use_nesterov,
        ).op

    def _apply_sparse(self, grad, var):
        dtype = var.dtype.base_dtype
        return sparse_apply_momentum(
            var._ref(),
            self.get_slot(var, "momentum")._ref(),
            cast(self._rate, dtype),
            grad.values,
            grad.indices,
            cast(self._kept, dtype),
            use_locking=self._use_locking,
            use_nesterov=self._use_nesterov,
        ).op


### Adam


class AdamOptimizer(Optimizer):
    """A step for each element by the mean and the square of its gradients.

    Slots `m` and `v`. Kingma and Ba, arXiv:1412.6980, section 2, last paragraph.

    Args:
      learning_rate: about how far an element moves in a step; > 0.
      beta1, beta2: which part of m and of v is kept in a step, in [0, 1).
      epsilon: keeps the ratio finite, > 0.
      use_locking, name: see Optimizer.
    """

    def __init__(
        self,
        learning_rate=0.001,
        beta1=0.9,
        beta2=0.999,
        epsilon=1e-8,
        use_locking=False,
        name="Adam",
    ):
        super().__init__(use_locking, name)
        self._rate, self._beta1, self._beta2 = learning_rate, beta1, beta2
        self._epsilon = epsilon

    def _create_slots(self, var_list):
        first = min(var_list, key=lambda v: v.name)
        for name, beta in (("beta1_power", self._beta1), ("beta2_power", self._beta2)):
            self._create_non_slot_variable(self._call_if_callable(beta), name, first)
        for var in var_list:
            self._zeros_slot(var, "m", self._name)
            self._zeros_slot(var, "v", self._name)

    def _prepare(self):
        self._numbers = [
            self._number(self._rate, "learning_rate"),
            self._number(self._beta1, "beta1"),
            self._number(self._beta2, "beta2"),
            self._number(self._epsilon, "epsilon"),
        ]

    def _powers(self, graph):
        """beta1**t and beta2**t, as variables."""
        return [
            self._get_non_slot_variable(name, graph)
            for name in ("beta1_power", "beta2_power")
        ]

    def _apply_dense(self, grad, var):
        dtype = var.dtype.base_dtype
        powers = [cast(p.value(), dtype) for p in self._powers(var.graph)]
        m, v = self.get_slot(var, "m"), self.get_slot(var, "v")
        numbers = [cast(number, dtype) for number in self._numbers]
        places = var._ref(), m._ref(), v._ref()
        return apply_adam(
            *places, *powers, *numbers, grad, use_locking=self._use_locking
        ).op

    def _finish(self, update_ops, name_scope):
        _, beta1, beta2, _ = self._numbers
        with control_dependencies(update_ops):
            power1, power2 = self._powers(get_default_graph())
            with colocate_with(power1.op):
                locking = {"use_locking": self._use_locking}
                grown = [
                    power1.assign(power1 * beta1, **locking),
                    power2.assign(power2 * beta2, **locking),
                ]
        return group(*update_ops, *grown, name=name_scope)

    def _decay(self, slot, beta, rows, indices):
        """slot <- beta * slot, and rows added to it."""
        decayed = assign(slot, slot * beta, use_locking=self._use_locking)
        with control_dependencies([decayed]):
            return scatter_add_op(
                slot._ref(), indices, rows, use_locking=self._use_locking
            )

    def _apply_sparse(self, grad, var):
        dtype, locking = var.dtype.base_dtype, {"use_locking": self._use_locking}
        power1, power2 = (cast(p.value(), dtype) for p in self._powers(var.graph))
        rate, beta1, beta2, epsilon = (cast(n, dtype) for n in self._numbers)
        rate = rate * sqrt(1 - power2) / (1 - power1)
        m, v = self.get_slot(var, "m"), self.get_slot(var, "v")
        new_m = self._decay(m, beta1, grad.values * (1 - beta1), grad.indices)
        squares = grad.values * grad.values
        new_v = self._decay(v, beta2, squares * (1 - beta2), grad.indices)
        root = sqrt(new_v)
        moved = assign_sub(var, rate * new_m / (root + epsilon), **locking)
        return group(moved, new_m, new_v)
