"""The global step of a graph, and learning rates that fall with it.

A schedule is a tensor: it is computed anew in each run, from the step of that run.
"""

# Generated from book/source/27_schedules.md: change it there, then `make export`.

import math

from pedagogy_tf.core.dtypes import int32, int64
from pedagogy_tf.core.errors import explain, user_site
from pedagogy_tf.core.graph import GraphKeys, Tensor, get_default_graph, name_scope
from pedagogy_tf.core.initializers import Zeros
from pedagogy_tf.core.op import constant, convert_to_tensor
from pedagogy_tf.core.ops.control import case, cond
from pedagogy_tf.core.ops.elementwise import ceil, cos, equal, exp, floor, log, sqrt
from pedagogy_tf.core.ops.math import (
    add,
    cast,
    minimum,
    multiply,
    negative,
    pow_,
    realdiv,
)
from pedagogy_tf.core.ops.random import random_normal
from pedagogy_tf.core.scopes import get_variable
from pedagogy_tf.core.variables import Variable

__all__ = [
    "get_global_step",
    "create_global_step",
    "get_or_create_global_step",
    "global_step",
    "assert_global_step",
    "required",
    "exponential_decay",
    "natural_exp_decay",
    "inverse_time_decay",
    "polynomial_decay",
    "rounds",
    "cosine_decay",
    "half_wave",
    "cosine_decay_restarts",
    "equal_stretches",
    "longer_stretches",
    "linear_cosine_decay",
    "squeezed",
    "noisy_linear_cosine_decay",
    "piecewise_constant",
    "check_edges",
]


## The global step


def get_global_step(graph=None):
    """The global step of a graph, the default one if None; None if it has none.

    Raises:
      TypeError: if it is no scalar of an integer dtype.
    """
    graph = graph or get_default_graph()
    found = graph.get_collection(GraphKeys.GLOBAL_STEP)
    if len(found) == 1:
        step = found[0]
    elif found:
        return None  # several: none of them is *the* step
    else:
        try:
            step = graph.get_tensor_by_name("global_step:0")
        except KeyError:
            return None
    assert_global_step(step)
    return step


def create_global_step(graph=None):
    """A new global step, which starts at 0.

    Raises:
      ValueError: if the graph has one.
    """
    graph = graph or get_default_graph()
    if get_global_step(graph) is not None:
        raise ValueError(
            explain(
                '"global_step" already exists.',
                where=user_site(),
                expected="a graph without a global step",
                fix="call get_or_create_global_step",
            )
        )
    with graph.as_default(), name_scope(None):
        return get_variable(
            GraphKeys.GLOBAL_STEP,
            shape=[],
            dtype=int64,
            initializer=Zeros(),
            trainable=False,
            collections=[GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP],
        )


def get_or_create_global_step(graph=None):
    """The global step of a graph; a new one if it has none."""
    graph = graph or get_default_graph()
    step = get_global_step(graph)
    return create_global_step(graph) if step is None else step


def global_step(sess, global_step_tensor):
    """The number of steps, as an int."""
    return int(sess.run(global_step_tensor))


def assert_global_step(global_step_tensor):
    """Raise TypeError unless it is a scalar variable or tensor of an integer dtype."""
    step = global_step_tensor
    if not isinstance(step, (Variable, Tensor)):
        raise TypeError(f'Existing "global_step" must be a Variable or Tensor: {step}.')
    if not step.dtype.base_dtype.is_integer:
        raise TypeError(
            f'Existing "global_step" does not have integer type: {step.dtype}'
        )
    shape = step.get_shape()
    if shape.ndims != 0 and shape.is_fully_defined():
        raise TypeError(f'Existing "global_step" is not scalar: {shape}')


## Rates that fall


def required(global_step, function):
    """The global step, or an error that says who asked for it."""
    if global_step is None:
        raise ValueError(
            explain(
                f"global_step is required for {function}.",
                where=user_site(),
                fix="pass tf.train.get_or_create_global_step(), here and to minimize",
            )
        )
    return global_step


def exponential_decay(
    learning_rate, global_step, decay_steps, decay_rate, staircase=False, name=None
):
    """learning_rate * decay_rate ** (global_step / decay_steps).

    Args:
      learning_rate: the rate at step 0; its dtype is that of the result.
      global_step: the number of steps taken.
      decay_steps: after so many steps decay_rate was multiplied once; > 0.
      decay_rate: the factor, in (0, 1).
      staircase: let it fall only every decay_steps.
      name: the name of the result.
    """
    required(global_step, "exponential_decay")
    values = [learning_rate, global_step, decay_steps, decay_rate]
    with name_scope(name, "ExponentialDecay", values) as name:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        length, factor = cast(decay_steps, rate.dtype), cast(decay_rate, rate.dtype)
        gone = cast(global_step, rate.dtype) / length
        gone = floor(gone) if staircase else gone
        return multiply(rate, pow_(factor, gone), name=name)


def natural_exp_decay(
    learning_rate, global_step, decay_steps, decay_rate, staircase=False, name=None
):
    """learning_rate * exp(-decay_rate * global_step / decay_steps)."""
    factor = exp(negative(decay_rate))
    return exponential_decay(
        learning_rate, global_step, decay_steps, factor, staircase, name
    )


def inverse_time_decay(
    learning_rate, global_step, decay_steps, decay_rate, staircase=False, name=None
):
    """learning_rate / (1 + decay_rate * global_step / decay_steps).

    The arguments are those of exponential_decay, but decay_rate > 0 may exceed 1.
    """
    required(global_step, "inverse_time_decay")
    values = [learning_rate, global_step, decay_rate]
    with name_scope(name, "InverseTimeDecay", values) as name:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        length, factor = cast(decay_steps, rate.dtype), cast(decay_rate, rate.dtype)
        gone = cast(global_step, rate.dtype) / length
        gone = floor(gone) if staircase else gone
        one = cast(constant(1), rate.dtype)
        return realdiv(rate, add(one, multiply(factor, gone)), name=name)


def polynomial_decay(
    learning_rate,
    global_step,
    decay_steps,
    end_learning_rate=0.0001,
    power=1.0,
    cycle=False,
    name=None,
):
    """From one rate to another along (1 - global_step / decay_steps)**power.

    Args:
      learning_rate, global_step: see exponential_decay.
      decay_steps: when the end is reached; > 0.
      end_learning_rate: the rate from then on.
      power: 1: a straight line; more: fast at first.
      cycle: begin again, with twice, three times... the length, whenever the end is
        reached.
      name: the name of the result.
    """
    required(global_step, "polynomial_decay")
    values = [learning_rate, global_step, decay_steps, end_learning_rate, power]
    with name_scope(name, "PolynomialDecay", values) as name:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        end, power = cast(end_learning_rate, rate.dtype), cast(power, rate.dtype)
        step, length = cast(global_step, rate.dtype), cast(decay_steps, rate.dtype)
        if cycle:
            length = multiply(length, rounds(step, decay_steps))
        else:
            step = minimum(step, decay_steps)
        gone = step / length
        span = rate - end
        return add(multiply(span, pow_(1 - gone, power)), end, name=name)


def rounds(step, length):
    """How many rounds of a length begin or have begun; 1 at step 0."""
    return cond(equal(step, 0), lambda: constant(1.0), lambda: ceil(step / length))


def cosine_decay(learning_rate, global_step, decay_steps, alpha=0.0, name=None):
    """From learning_rate to alpha * learning_rate along half a wave of a cosine.

    Args:
      learning_rate, global_step: see exponential_decay.
      decay_steps: when the end is reached; > 0.
      alpha: which part of the rate is left then.
      name: the name of the result.
    """
    required(global_step, "cosine decay")
    with name_scope(name, "CosineDecay", [learning_rate, global_step]):
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        length = cast(decay_steps, rate.dtype)
        step = minimum(cast(global_step, rate.dtype), length)
        return multiply(rate, (1 - alpha) * half_wave(step / length) + alpha)


def half_wave(part, height=1.0):
    """From height at 0 to 0 at 1, along a cosine."""
    return 0.5 * height * (1.0 + cos(constant(math.pi) * part))


def cosine_decay_restarts(
    learning_rate,
    global_step,
    first_decay_steps,
    t_mul=2.0,
    m_mul=1.0,
    alpha=0.0,
    name=None,
):
    """cosine_decay, again and again. Loshchilov and Hutter, arXiv:1608.03983.

    Args:
      learning_rate, global_step: see exponential_decay.
      first_decay_steps: the length of the first stretch; > 0.
      t_mul: how many times longer each stretch is than the last.
      m_mul: how many times higher each stretch starts than the last.
      alpha: which part of the rate is left at the end of a stretch.
      name: the name of the result.
    """
    required(global_step, "cosine decay restarts")
    with name_scope(name, "SGDRDecay", [learning_rate, global_step]) as name:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        first, alpha = cast(first_decay_steps, rate.dtype), cast(alpha, rate.dtype)
        longer, higher = cast(t_mul, rate.dtype), cast(m_mul, rate.dtype)
        gone = cast(global_step, rate.dtype) / first
        number, part = cond(
            equal(longer, 1.0),
            lambda: equal_stretches(gone),
            lambda: longer_stretches(gone, longer),
        )
        wave = half_wave(part, higher**number)
        return multiply(rate, (1 - alpha) * wave + alpha, name=name)


def equal_stretches(gone):
    """(which stretch, which part of it), if all are as long as the first."""
    number = floor(gone)
    return number, gone - number


def longer_stretches(gone, longer):
    """The same if each is `longer` times as long as the last: a geometric series."""
    number = floor(log(1.0 - gone * (1.0 - longer)) / log(longer))
    before = (1.0 - longer**number) / (1.0 - longer)
    return number, (gone - before) / longer**number


def linear_cosine_decay(
    learning_rate,
    global_step,
    decay_steps,
    num_periods=0.5,
    alpha=0.0,
    beta=0.001,
    name=None,
):
    """A cosine that a falling line squeezes. Bello et al., arXiv:1709.07417.

    Args:
      learning_rate, global_step, decay_steps: see cosine_decay.
      num_periods: how many waves of the cosine.
      alpha: added to the line; beta: added to the product.
      name: the name of the result.
    """
    required(global_step, "linear cosine decay")
    with name_scope(name, "LinearCosineDecay", [learning_rate, global_step]) as name:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        length, *numbers = (
            cast(number, rate.dtype)
            for number in (decay_steps, num_periods, alpha, beta)
        )
        step = minimum(cast(global_step, rate.dtype), length)
        line = (length - step) / length
        return multiply(rate, squeezed(line, step / length, *numbers), name=name)


def squeezed(line, part, periods, alpha, beta):
    """A cosine of so many periods times a line."""
    wave = half_wave(2.0 * periods * part)
    return (alpha + line) * wave + beta


def noisy_linear_cosine_decay(
    learning_rate,
    global_step,
    decay_steps,
    initial_variance=1.0,
    variance_decay=0.55,
    num_periods=0.5,
    alpha=0.0,
    beta=0.001,
    name=None,
):
    """linear_cosine_decay, and noise of variance v / (1 + step)**variance_decay."""
    required(global_step, "noisy linear cosine decay")
    with name_scope(
        name, "NoisyLinearCosineDecay", [learning_rate, global_step]
    ) as name:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        length, *numbers = (
            cast(number, rate.dtype)
            for number in (
                decay_steps,
                initial_variance,
                variance_decay,
                num_periods,
                alpha,
                beta,
            )
        )
        step = minimum(cast(global_step, rate.dtype), length)
        line = (length - step) / length
        spread = sqrt(numbers[0] / pow_(1.0 + step, numbers[1]))
        line = line + random_normal(line.shape, stddev=spread)
        return multiply(rate, squeezed(line, step / length, *numbers[2:]), name=name)


def piecewise_constant(x, boundaries, values, name=None):
    """values[0] up to boundaries[0], values[1] up to boundaries[1], ..., then the last.

    Args:
      x: a scalar, mostly the global step.
      boundaries: growing numbers.
      values: one more than boundaries.
      name: the scope of the nodes.

    Raises:
      ValueError: if values are not one more than boundaries.
    """
    if len(boundaries) != len(values) - 1:
        raise ValueError(
            explain(
                "The length of boundaries should be 1 less than the length of values",
                where=user_site(),
                expected=f"{len(boundaries) + 1} values",
            )
        )
    x, boundaries = convert_to_tensor(x), [convert_to_tensor(b) for b in boundaries]
    values = [convert_to_tensor(value) for value in values]
    check_edges(x, boundaries, values)
    boundaries = [cast(edge, x.dtype.base_dtype) for edge in boundaries]
    with name_scope(name, "PiecewiseConstant"):
        cases = [(x <= boundaries[0], lambda: values[0])]
        cases.append((x > boundaries[-1], lambda: values[-1]))
        for low, high, value in zip(
            boundaries, boundaries[1:], values[1:-1], strict=False
        ):
            cases.append(((x > low) & (x <= high), lambda value=value: value))
        return case(cases, lambda: values[0], exclusive=True)


def check_edges(x, boundaries, values):
    """Raise ValueError if dtypes do not go together; int32 may meet int64."""
    dtype = x.dtype.base_dtype
    for edge in boundaries:
        got = edge.dtype.base_dtype
        if got != dtype and (got, dtype) != (int32, int64):
            raise ValueError(
                f"Boundaries ({got!r}) must have the same dtype as x ({dtype!r})."
            )
    first = values[0].dtype.base_dtype
    for value in values[1:]:
        if value.dtype.base_dtype != first:
            raise ValueError(
                "Values must have elements all with the same dtype "
                f"({first!r} vs {value.dtype.base_dtype!r})."
            )
