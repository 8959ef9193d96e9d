"""Ops that move variables: one step of an optimizer for one variable.

A kernel takes the variable and its slots, and returns their new values in that order.
"""

# Generated from book/source/18_optimizers.md: change it there, then `make export`.

from pedagogy_tf.core.op import op

__all__ = [
    "apply_gradient_descent",
    "apply_momentum",
    "same_as_variable",
    "apply_adam",
    "sparse_apply_momentum",
]


## An op that moves a variable


@op("ApplyGradientDescent(var:ref T, alpha:T, delta:T) -> (out:ref T)")
def apply_gradient_descent(xp, var, alpha, delta, *, use_locking=False):
    """var - alpha * delta: a step of length alpha against the gradient."""
    return var - alpha * delta


@apply_gradient_descent.shape
def _(op, var, alpha, delta):
    return var.merge_with(delta)


apply_gradient_descent.gradient(None)


### Momentum


@op("ApplyMomentum(var:ref T, accum:ref T, lr:T, grad:T, momentum:T) -> (out:ref T)")
def apply_momentum(
    xp, var, accum, lr, grad, momentum, *, use_locking=False, use_nesterov=False
):
    """accum <- accum * momentum + grad; var <- var - lr * accum.

    With use_nesterov the step is taken from where the momentum alone would lead:
    var - lr * (grad + momentum * accum).
    """
    accum = accum * momentum + grad
    step = grad + momentum * accum if use_nesterov else accum
    return var - lr * step, accum


def same_as_variable(op, var, *_):
    """Shape rule: as the variable."""
    return var


apply_momentum.shape(same_as_variable)
apply_momentum.gradient(None)


## A step for each weight


@op(
    "ApplyAdam(var:ref T, m:ref T, v:ref T, beta1_power:T, beta2_power:T, lr:T, "
    "beta1:T, beta2:T, epsilon:T, grad:T) -> (out:ref T)"
)
def apply_adam(
    xp,
    var,
    m,
    v,
    beta1_power,
    beta2_power,
    lr,
    beta1,
    beta2,
    epsilon,
    grad,
    *,
    use_locking=False,
    use_nesterov=False,
):
    """A step of Adam; beta1_power and beta2_power are beta1**t and beta2**t."""
    one = grad.dtype.type(1)
    alpha = lr * xp.sqrt(one - beta2_power) / (one - beta1_power)
    m = m + (grad - m) * (one - beta1)
    v = v + (grad * grad - v) * (one - beta2)
    ahead = m * beta1 + (one - beta1) * grad if use_nesterov else m
    return var - ahead * alpha / (xp.sqrt(v) + epsilon), m, v


apply_adam.shape(same_as_variable)
apply_adam.gradient(None)


### Momentum of rows


@op(
    "SparseApplyMomentum(var:ref T, accum:ref T, lr:T, grad:T, indices:Tindices, "
    "momentum:T) -> (out:ref T)"
)
def sparse_apply_momentum(
    xp,
    var,
    accum,
    lr,
    grad,
    indices,
    momentum,
    *,
    use_locking=False,
    use_nesterov=False,
):
    """ApplyMomentum for the rows that indices name; each row comes once."""
    new_var, new_accum = var.copy(), accum.copy()
    new_var[indices], new_accum[indices] = apply_momentum.kernel(
        xp, var[indices], accum[indices], lr, grad, momentum, use_nesterov=use_nesterov
    )
    return new_var, new_accum


sparse_apply_momentum.shape(same_as_variable)
sparse_apply_momentum.gradient(None)
