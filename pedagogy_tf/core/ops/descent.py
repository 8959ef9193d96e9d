"""Ops of the rarer optimizers: one step for one variable, or for some of its rows.

A kernel takes the variable and its slots, and returns their new values in that order.
"""

# Generated from book/source/26_descents.md: change it there, then `make export`.

from pedagogy_tf.core.dtypes import int32, int64
from pedagogy_tf.core.op import op
from pedagogy_tf.core.ops.training import same_as_variable

__all__ = [
    "steps_of_variables",
    "apply_rms_prop",
    "apply_centered_rms_prop",
    "apply_adagrad",
    "apply_adadelta",
    "shrink",
    "apply_proximal_gradient_descent",
    "apply_proximal_adagrad",
    "follow_the_leader",
    "apply_ftrl",
    "apply_ftrl_v2",
    "apply_adagrad_da",
    "ROWS_ONLY",
    "by_rows",
    "sparse_apply_rms_prop",
    "sparse_apply_centered_rms_prop",
    "sparse_apply_adagrad",
    "sparse_apply_adadelta",
    "sparse_apply_proximal_gradient_descent",
    "sparse_apply_proximal_adagrad",
    "sparse_apply_ftrl",
    "sparse_apply_ftrl_v2",
    "sparse_apply_adagrad_da",
]


## The formulas


def steps_of_variables(*rows):
    """Give rows the shape of their variable, and no gradient."""
    for row in rows:
        row.shape(same_as_variable)
        row.gradient(None)


### RMSProp


@op(
    "ApplyRMSProp(var:ref T, ms:ref T, mom:ref T, lr:T, rho:T, momentum:T, epsilon:T, "
    "grad:T) -> (out:ref T)"
)
def apply_rms_prop(
    xp, var, ms, mom, lr, rho, momentum, epsilon, grad, *, use_locking=False
):
    """ms follows grad^2; mom <- momentum * mom + lr * grad / sqrt(ms + epsilon)."""
    ms = ms + (grad * grad - ms) * (1 - rho)
    mom = mom * momentum + grad * lr / xp.sqrt(ms + epsilon)
    return var - mom, ms, mom


steps_of_variables(apply_rms_prop)


@op(
    "ApplyCenteredRMSProp(var:ref T, mg:ref T, ms:ref T, mom:ref T, lr:T, rho:T, "
    "momentum:T, epsilon:T, grad:T) -> (out:ref T)"
)
def apply_centered_rms_prop(
    xp, var, mg, ms, mom, lr, rho, momentum, epsilon, grad, *, use_locking=False
):
    """As ApplyRMSProp, with the variance (ms - mg^2) in place of ms."""
    ms = ms + (grad * grad - ms) * (1 - rho)
    mg = mg + (grad - mg) * (1 - rho)
    mom = mom * momentum + lr * grad / xp.sqrt(ms - mg * mg + epsilon)
    return var - mom, mg, ms, mom


steps_of_variables(apply_centered_rms_prop)


### Adagrad and Adadelta


@op("ApplyAdagrad(var:ref T, accum:ref T, lr:T, grad:T) -> (out:ref T)")
def apply_adagrad(xp, var, accum, lr, grad, *, use_locking=False, update_slots=True):
    """accum <- accum + grad^2; var <- var - lr * grad / sqrt(accum)."""
    accum = accum + grad * grad if update_slots else accum
    return var - lr * grad / xp.sqrt(accum), accum


steps_of_variables(apply_adagrad)


@op(
    "ApplyAdadelta(var:ref T, accum:ref T, accum_update:ref T, lr:T, rho:T, epsilon:T, "
    "grad:T) -> (out:ref T)"
)
def apply_adadelta(
    xp, var, accum, accum_update, lr, rho, epsilon, grad, *, use_locking=False
):
    """The step is the gradient times (past steps) / (past gradients), by their size."""
    accum = accum * rho + grad * grad * (1 - rho)
    step = xp.sqrt(accum_update + epsilon) / xp.sqrt(accum + epsilon) * grad
    accum_update = accum_update * rho + step * step * (1 - rho)
    return var - step * lr, accum, accum_update


steps_of_variables(apply_adadelta)


### Weights of exactly zero


def shrink(xp, x, l1, l2):
    """x pulled towards 0 by l1, and divided by 1 + l2."""
    return xp.sign(x) * xp.maximum(xp.abs(x) - l1, x.dtype.type(0)) / (1 + l2)


@op(
    "ApplyProximalGradientDescent(var:ref T, alpha:T, l1:T, l2:T, delta:T) "
    "-> (out:ref T)"
)
def apply_proximal_gradient_descent(
    xp, var, alpha, l1, l2, delta, *, use_locking=False
):
    """A step of gradient descent, then pulled towards 0 (Duchi and Singer, 2009)."""
    return shrink(xp, var - alpha * delta, alpha * l1, alpha * l2)


@op(
    "ApplyProximalAdagrad(var:ref T, accum:ref T, lr:T, l1:T, l2:T, grad:T) "
    "-> (out:ref T)"
)
def apply_proximal_adagrad(xp, var, accum, lr, l1, l2, grad, *, use_locking=False):
    """A step of Adagrad, then pulled towards 0."""
    accum = accum + grad * grad
    rate = lr / xp.sqrt(accum)
    return shrink(xp, var - rate * grad, rate * l1, rate * l2), accum


steps_of_variables(apply_proximal_gradient_descent, apply_proximal_adagrad)


### Follow the leader


def follow_the_leader(xp, accum, linear, rate, l1, l2, power):
    """Where all gradients so far would lead from 0 (McMahan et al., KDD 2013)."""
    curve = accum**-power / rate + 2 * l2
    pull = xp.sign(linear) * l1 - linear
    return xp.where(xp.abs(linear) > l1, pull / curve, linear.dtype.type(0))


@op(
    "ApplyFtrl(var:ref T, accum:ref T, linear:ref T, grad:T, lr:T, l1:T, l2:T, "
    "lr_power:T) -> (out:ref T)"
)
def apply_ftrl(
    xp, var, accum, linear, grad, lr, l1, l2, lr_power, *, use_locking=False
):
    """Follow the regularized leader: the place is computed anew from all gradients."""
    new = accum + grad * grad
    linear = linear + grad - (new**-lr_power - accum**-lr_power) / lr * var
    return follow_the_leader(xp, new, linear, lr, l1, l2, lr_power), new, linear


steps_of_variables(apply_ftrl)


@op(
    "ApplyFtrlV2(var:ref T, accum:ref T, linear:ref T, grad:T, lr:T, l1:T, l2:T, "
    "l2_shrinkage:T, lr_power:T) -> (out:ref T)"
)
def apply_ftrl_v2(
    xp,
    var,
    accum,
    linear,
    grad,
    lr,
    l1,
    l2,
    l2_shrinkage,
    lr_power,
    *,
    use_locking=False,
):
    """ApplyFtrl, with a gradient that also pulls the variable towards 0."""
    pulled = grad + 2 * l2_shrinkage * var
    new = accum + grad * grad
    linear = linear + pulled - (new**-lr_power - accum**-lr_power) / lr * var
    return follow_the_leader(xp, new, linear, lr, l1, l2, lr_power), new, linear


steps_of_variables(apply_ftrl_v2)


@op(
    "ApplyAdagradDA(var:ref T, gradient_accumulator:ref T, "
    "gradient_squared_accumulator:ref T, grad:T, lr:T, l1:T, l2:T, global_step:int64) "
    "-> (out:ref T)"
)
def apply_adagrad_da(
    xp, var, total, squares, grad, lr, l1, l2, global_step, *, use_locking=False
):
    """Dual averaging: from 0 along the sum of all gradients (Duchi et al., 2011)."""
    total, squares = total + grad, squares + grad * grad
    steps = lr.dtype.type(global_step)
    pulled = xp.sign(total) * xp.maximum(xp.abs(total) - l1 * steps, lr.dtype.type(0))
    return -lr * pulled / (l2 * steps * lr + xp.sqrt(squares)), total, squares


steps_of_variables(apply_adagrad_da)


## Only the rows in use

ROWS_ONLY = {"Tindices": (int32, int64)}


def by_rows(xp, dense, inputs, at=-1, **attrs):
    """What a dense op does, for some rows of a variable and its slots.

    Args:
      xp: NumPy or CuPy.
      dense: the row of the dense op.
      inputs: its inputs, and the indices among them.
      at: where the indices stand.
      **attrs: attributes of the dense op.
    """
    inputs = list(inputs)
    indices = inputs.pop(at)
    count = sum(argument.ref for argument in dense.inputs)
    places, numbers = inputs[:count], inputs[count:]
    rows = dense.kernel(xp, *[place[indices] for place in places], *numbers, **attrs)
    new = [place.copy() for place in places]
    for place, part in zip(new, rows if count > 1 else [rows], strict=True):
        place[indices] = part
    return tuple(new) if count > 1 else new[0]


@op(
    "SparseApplyRMSProp(var:ref T, ms:ref T, mom:ref T, lr:T, rho:T, momentum:T, "
    "epsilon:T, grad:T, indices:Tindices) -> (out:ref T)",
    **ROWS_ONLY,
)
def sparse_apply_rms_prop(xp, *inputs, use_locking=False):
    """ApplyRMSProp for the rows that indices name."""
    return by_rows(xp, apply_rms_prop, inputs)


@op(
    "SparseApplyCenteredRMSProp(var:ref T, mg:ref T, ms:ref T, mom:ref T, lr:T, rho:T, "
    "momentum:T, epsilon:T, grad:T, indices:Tindices) -> (out:ref T)",
    **ROWS_ONLY,
)
def sparse_apply_centered_rms_prop(xp, *inputs, use_locking=False):
    """ApplyCenteredRMSProp for the rows that indices name."""
    return by_rows(xp, apply_centered_rms_prop, inputs)


steps_of_variables(sparse_apply_rms_prop, sparse_apply_centered_rms_prop)


@op(
    "SparseApplyAdagrad(var:ref T, accum:ref T, lr:T, grad:T, indices:Tindices) "
    "-> (out:ref T)",
    **ROWS_ONLY,
)
def sparse_apply_adagrad(xp, *inputs, use_locking=False, update_slots=True):
    """ApplyAdagrad for the rows that indices name."""
    return by_rows(xp, apply_adagrad, inputs, update_slots=update_slots)


@op(
    "SparseApplyAdadelta(var:ref T, accum:ref T, accum_update:ref T, lr:T, rho:T, "
    "epsilon:T, grad:T, indices:Tindices) -> (out:ref T)",
    **ROWS_ONLY,
)
def sparse_apply_adadelta(xp, *inputs, use_locking=False):
    """ApplyAdadelta for the rows that indices name."""
    return by_rows(xp, apply_adadelta, inputs)


steps_of_variables(sparse_apply_adagrad, sparse_apply_adadelta)


@op(
    "SparseApplyProximalGradientDescent(var:ref T, alpha:T, l1:T, l2:T, grad:T, "
    "indices:Tindices) -> (out:ref T)",
    **ROWS_ONLY,
)
def sparse_apply_proximal_gradient_descent(xp, *inputs, use_locking=False):
    """ApplyProximalGradientDescent for the rows that indices name."""
    return by_rows(xp, apply_proximal_gradient_descent, inputs)


@op(
    "SparseApplyProximalAdagrad(var:ref T, accum:ref T, lr:T, l1:T, l2:T, grad:T, "
    "indices:Tindices) -> (out:ref T)",
    **ROWS_ONLY,
)
def sparse_apply_proximal_adagrad(xp, *inputs, use_locking=False):
    """ApplyProximalAdagrad for the rows that indices name."""
    return by_rows(xp, apply_proximal_adagrad, inputs)


steps_of_variables(
    sparse_apply_proximal_gradient_descent, sparse_apply_proximal_adagrad
)


@op(
    "SparseApplyFtrl(var:ref T, accum:ref T, linear:ref T, grad:T, indices:Tindices, "
    "lr:T, l1:T, l2:T, lr_power:T) -> (out:ref T)",
    **ROWS_ONLY,
)
def sparse_apply_ftrl(xp, *inputs, use_locking=False):
    """ApplyFtrl for the rows that indices name."""
    return by_rows(xp, apply_ftrl, inputs, at=4)


@op(
    "SparseApplyFtrlV2(var:ref T, accum:ref T, linear:ref T, grad:T, indices:Tindices, "
    "lr:T, l1:T, l2:T, l2_shrinkage:T, lr_power:T) -> (out:ref T)",
    **ROWS_ONLY,
)
def sparse_apply_ftrl_v2(xp, *inputs, use_locking=False):
    """ApplyFtrlV2 for the rows that indices name."""
    return by_rows(xp, apply_ftrl_v2, inputs, at=4)


steps_of_variables(sparse_apply_ftrl, sparse_apply_ftrl_v2)


@op(
    "SparseApplyAdagradDA(var:ref T, gradient_accumulator:ref T, "
    "gradient_squared_accumulator:ref T, grad:T, indices:Tindices, lr:T, l1:T, l2:T, "
    "global_step:int64) -> (out:ref T)",
    **ROWS_ONLY,
)
def sparse_apply_adagrad_da(xp, *inputs, use_locking=False):
    """ApplyAdagradDA for the rows that indices name."""
    return by_rows(xp, apply_adagrad_da, inputs, at=4)


steps_of_variables(sparse_apply_adagrad_da)
