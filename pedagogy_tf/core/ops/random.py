"""Random numbers, bit for bit TensorFlow's: a counter, a key, and what is made of them.

Philox turns a counter and a key into four random 32-bit words. The key and the upper
half of the counter come from an operation's two seeds; the lower half counts what the
operation has drawn so far. (Salmon et al., SC 2011, "Parallel random numbers: as easy
as 1, 2, 3".)
"""

# Generated from book/source/14_random.md: change it there, then `make export`.

import secrets

import numpy as np

from pedagogy_tf.core.dtypes import as_dtype, float32, int32, int64
from pedagogy_tf.core.graph import get_default_graph, name_scope
from pedagogy_tf.core.op import convert_to_tensor, op, same
from pedagogy_tf.core.ops.math import add
from pedagogy_tf.core.shapes import TensorShape

__all__ = [
    "U64",
    "LOW",
    "HALF",
    "philox",
    "to_uniform",
    "to_uniform64",
    "to_uniform16",
    "to_normal",
    "hexadecimal",
    "INVERSES",
    "LOGS",
    "LOG_SERIES",
    "LN2",
    "log32",
    "COSINE",
    "SINE",
    "QUARTERS",
    "QUARTER",
    "sincos32",
    "to_normal64",
    "SPARE",
    "truncated",
    "BLOCK",
    "STRIDE",
    "Stream",
    "stream_of",
    "FLOATS",
    "random_uniform_op",
    "random_standard_normal",
    "truncated_normal_op",
    "as_the_shape_says",
    "random_uniform_int",
    "random_shuffle_op",
    "multinomial_op",
    "DEFAULT_GRAPH_SEED",
    "LARGEST_SEED",
    "get_seed",
    "set_random_seed",
    "seeds",
    "shape_input",
    "random_normal",
    "truncated_normal",
    "scaled",
    "random_uniform",
    "random_shuffle",
    "multinomial",
    "categorical",
    "chosen",
]


## A counter instead of a tape

U64 = np.uint64
LOW = U64(0xFFFFFFFF)
HALF = U64(32)


def philox(counters, key, upper):
    """Four random words for each counter: (n,) -> (n, 4) uint32.

    Args:
      counters: (n,) uint64, the lower halves of the 128-bit counters.
      key: the 64-bit key, from the first seed.
      upper: the 64-bit upper half of all the counters, from the second seed.
    """
    c0, c1 = counters & LOW, counters >> HALF
    c2, c3 = np.full_like(c0, upper & 0xFFFFFFFF), np.full_like(c0, upper >> 32)
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p, q = c0 * U64(0xD2511F53), c2 * U64(0xCD9E8D57)  # 32 x 32 bits: fits in 64
        c0, c1 = (q >> HALF) ^ c1 ^ U64(k0), q & LOW
        c2, c3 = (p >> HALF) ^ c3 ^ U64(k1), p & LOW
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=1).astype(np.uint32)


### Uniform numbers


def to_uniform(words):
    """Words as float32 in [0, 1): (n, 4) -> (n, 4).

    23 bits of a word become the fraction of a float in [1, 2).
    """
    bits = (words & np.uint32(0x7FFFFF)) | np.uint32(0x3F800000)
    return bits.view(np.float32) - np.float32(1)


def to_uniform64(words):
    """Pairs of words as float64 in [0, 1): (n, 4) -> (n, 2)."""
    high, low = words[:, 0::2].astype(U64), words[:, 1::2].astype(U64)
    bits = (high & U64(0xFFFFF)) << HALF | low | U64(0x3FF0000000000000)
    return bits.view(np.float64) - 1.0


def to_uniform16(words):
    """Words as float16 in [0, 1): (n, 4) -> (n, 4), from ten bits of each."""
    bits = (words.astype(np.uint16) & np.uint16(0x3FF)) | np.uint16(0x3C00)
    return bits.view(np.float16) - np.float16(1)


### Normal numbers


def to_normal(words):
    """Words as float32 with mean 0 and deviation 1: (n, 4) -> (n, 4).

    Box and Muller, 1958. A radius of infinity is avoided by u1 >= 1e-7.
    """
    u = to_uniform(words)
    u1, u2 = np.maximum(u[:, 0::2], np.float32(1e-7)), u[:, 1::2]
    sine, cosine = sincos32((2 * np.pi * u2.astype(np.float64)).astype(np.float32))
    radius = np.sqrt(np.float32(-2) * log32(u1))
    return np.stack([sine * radius, cosine * radius], axis=2).reshape(-1, 4)


def hexadecimal(text):
    """Numbers written as C writes exact floats, `0x1.8p+1` for 3."""
    return np.array([float.fromhex(word) for word in text.split()])


INVERSES = hexadecimal("""
    0x1.661ec79f8f3bep+0 0x1.571ed4aaf883dp+0 0x1.49539f0f010bp+0 0x1.3c995b0b80385p+0
    0x1.30d190c8864a5p+0 0x1.25e227b0b8eap+0 0x1.1bb4a4a1a343fp+0 0x1.12358f08ae5bap+0
    0x1.0953f419900a7p+0 0x1p+0 0x1.e608cfd9a47acp-1 0x1.ca4b31f026aap-1
    0x1.b2036576afce6p-1 0x1.9c2d163a1aa2dp-1 0x1.886e6037841edp-1 0x1.767dcf5534862p-1
""")  # 1 / c
LOGS = hexadecimal("""
    -0x1.57bf7808caadep-2 -0x1.2bef0a7c06ddbp-2 -0x1.01eae7f513a67p-2
    -0x1.b31d8a68224e9p-3 -0x1.6574f0ac07758p-3 -0x1.1aa2bc79c81p-3
    -0x1.a4e76ce8c0e5ep-4 -0x1.1973c5a611cccp-4 -0x1.252f438e10c1ep-5 0x0p+0
    0x1.aa5aa5df25984p-5 0x1.c5e53aa362eb4p-4 0x1.526e57720db08p-3
    0x1.bc2860d22477p-3 0x1.1058bc8a07ee1p-2 0x1.4043057b6ee09p-2
""")  # ln c
LOG_SERIES = hexadecimal(
    "-0x1.00ea348b88334p-2 0x1.5575b0be00b6ap-2 -0x1.ffffef20a4123p-2"
)
LN2 = float.fromhex("0x1.62e42fefa39efp-1")


def log32(x):
    """Natural logarithm of float32 numbers > 0, the same bits on every machine."""
    bits = x.view(np.uint32)
    offset = bits - np.uint32(0x3F330000)
    row = offset >> np.uint32(19) & np.uint32(15)
    k = offset.view(np.int32) >> 23
    z = (bits - (offset & np.uint32(0xFF800000))).view(np.float32).astype(np.float64)
    r = z * INVERSES[row] - 1
    a, b, c = LOG_SERIES
    return ((b * r + c + a * r * r) * r * r + (LOGS[row] + k * LN2 + r)).astype(
        np.float32
    )


COSINE = hexadecimal(
    "-0x1.ffffffd0c621cp-2 0x1.55553e1068f19p-5 "
    "-0x1.6c087e89a359dp-10 0x1.99343027bf8c3p-16"
)
SINE = hexadecimal("-0x1.555545995a603p-3 0x1.1107605230bc4p-7 -0x1.994eb3774cf24p-13")
QUARTERS = float.fromhex("0x1.45f306dc9c883p+23")  # quarter turns in 1, times 2**24
QUARTER = float.fromhex("0x1.921fb54442d18p+0")  # pi / 2


def sincos32(angle):
    """Sine and cosine of float32 angles in [0, 100), the same bits on every machine."""
    x = angle.astype(np.float64)
    turns = ((x * QUARTERS).astype(np.int32) + 0x800000) >> 24
    x = x - turns * QUARTER
    x2 = x * x
    x3, x4 = x * x2, x2 * x2
    sine = (x + x3 * SINE[0]) + (x3 * x2) * (SINE[1] + x2 * SINE[2])
    cosine = ((1 + x2 * COSINE[0]) + x4 * COSINE[1]) + (x4 * x2) * (
        COSINE[2] + x2 * COSINE[3]
    )
    quadrant = turns & 3
    return (
        np.choose(quadrant, [sine, cosine, -sine, -cosine]).astype(np.float32),
        np.choose(quadrant, [cosine, -sine, -cosine, sine]).astype(np.float32),
    )


def to_normal64(words):
    """Pairs of words as float64 with mean 0 and deviation 1: (n, 4) -> (n, 2)."""
    u = to_uniform64(words)
    radius = np.sqrt(-2 * np.log(np.maximum(u[:, 0], 1e-7)))
    angle = 2 * np.pi * u[:, 1]
    return np.stack([np.sin(angle) * radius, np.cos(angle) * radius], axis=1)


### Truncated normal numbers

SPARE = 64  # counters for each truncated number, as in TensorFlow


def truncated(groups, first, size, convert, key, upper):
    """Numbers nearer to 0 than two deviations: (groups, size).

    Args:
      groups: how many groups of numbers.
      first: the counter at which the stretch of the first group begins.
      size: numbers in a group.
      convert: to_normal or to_normal64.
      key, upper: see philox.
    """
    found = np.zeros((groups, size), convert(np.zeros((0, 4), np.uint32)).dtype)
    count = np.zeros(groups, int)
    starts = U64(first) + U64(SPARE * size) * np.arange(groups, dtype=U64)
    todo, step = np.arange(groups), U64(0)
    while todo.size:
        for z in convert(philox(starts[todo] + step, key, upper)).T:
            good = (np.abs(z) < 2) & (count[todo] < size)
            rows = todo[good]
            found[rows, count[rows]] = z[good]
            count[rows] += 1
        todo, step = todo[count[todo] < size], step + U64(1)
    return found


## An operation remembers how far it is

BLOCK = 1 << 14  # counters at a time: their words stay in the processor's cache
STRIDE = 256  # counters that a run sets aside for each number, as in TensorFlow


class Stream:
    """The random numbers of one operation in one session.

    Args:
      seed, seed2: the operation's seeds. Both 0 means: surprise me.
    """

    def __init__(self, seed, seed2):
        if not seed and not seed2:
            seed, seed2 = secrets.randbits(63), secrets.randbits(63)
        self.key, self.upper = seed % 2**64, seed2 % 2**64
        self.next = 0

    def advance(self, count):
        """Set `count` counters aside; returns the first."""
        first = self.next
        self.next = (first + count) % 2**64
        return first

    def words(self, first, count):
        """The words of `count` counters from `first` on: (count, 4) uint32."""
        counters = U64(first) + np.arange(count, dtype=U64)
        return philox(counters, self.key, self.upper)

    def draw(self, count, convert):
        """`count` numbers made by `convert`."""
        size = convert(np.zeros((1, 4), np.uint32)).shape[1]
        groups, first = -(-count // size), self.advance(STRIDE * count)
        numbers = [
            convert(self.words(first + start, min(BLOCK, groups - start)))
            for start in range(0, max(groups, 1), BLOCK)
        ]
        return np.concatenate(numbers).reshape(-1)[:count]


def stream_of(run, seed, seed2):
    """The Stream that an operation goes on with from run to run."""
    if "stream" not in run.memory:
        run.memory["stream"] = Stream(seed, seed2)
    return run.memory["stream"]


## The rows

FLOATS = {
    "float16": (to_uniform16, lambda words: to_normal(words).astype(np.float16)),
    "float32": (to_uniform, to_normal),
    "float64": (to_uniform64, to_normal64),
}


@op("RandomUniform(shape:T=int32) -> (output:dtype)", T=(int32, int64))
def random_uniform_op(run, shape, *, seed=0, seed2=0, dtype):
    """Numbers from [0, 1)."""
    convert, _ = FLOATS[dtype.name]
    return stream_of(run, seed, seed2).draw(int(np.prod(shape)), convert).reshape(shape)


@op("RandomStandardNormal(shape:T=int32) -> (output:dtype)", T=(int32, int64))
def random_standard_normal(run, shape, *, seed=0, seed2=0, dtype):
    """Numbers with mean 0 and deviation 1."""
    _, convert = FLOATS[dtype.name]
    return stream_of(run, seed, seed2).draw(int(np.prod(shape)), convert).reshape(shape)


@op("TruncatedNormal(shape:T=int32) -> (output:dtype)", T=(int32, int64))
def truncated_normal_op(run, shape, *, seed=0, seed2=0, dtype):
    """Normal numbers; those two deviations or more from 0 are drawn again."""
    stream, count = stream_of(run, seed, seed2), int(np.prod(shape))
    size, (_, convert) = (2 if dtype.name == "float64" else 4), FLOATS[dtype.name]
    first = stream.advance(STRIDE * count)
    numbers = truncated(
        -(-count // size), first, size, convert, stream.key, stream.upper
    )
    return numbers.reshape(-1)[:count].reshape(shape)


def as_the_shape_says(op, *_):
    """Shape rule: the value of the first input."""
    return op.sizes(0)


for _row in (random_uniform_op, random_standard_normal, truncated_normal_op):
    _row.shape(as_the_shape_says)
    _row.gradient(None)


@op(
    "RandomUniformInt(shape:T=int32, minval:Tout, maxval:Tout) -> (output:Tout)",
    T=(int32, int64),
    Tout=(int32, int64),
)
def random_uniform_int(run, shape, minval, maxval, *, seed=0, seed2=0):
    """Whole numbers from [minval, maxval)."""
    if minval >= maxval:
        raise ValueError(f"Need minval < maxval, got {minval} >= {maxval}")
    size = U64(int(maxval) - int(minval))
    wide = np.asarray(minval).dtype == np.int64

    def convert(words):
        if wide:  # two words make a number of 64 bits
            words = words[:, 0::2].astype(U64) | words[:, 1::2].astype(U64) << HALF
        return words.astype(U64) % size

    numbers = stream_of(run, seed, seed2).draw(int(np.prod(shape)), convert)
    numbers = numbers.view(np.int64) + int(minval)
    return numbers.astype(np.asarray(minval).dtype).reshape(shape)


random_uniform_int.shape(as_the_shape_says)
random_uniform_int.gradient(None)


@op("RandomShuffle(value:T) -> (output:T)")
def random_shuffle_op(run, value, *, seed=0, seed2=0):
    """The rows of `value` in random order."""
    stream, count = stream_of(run, seed, seed2), len(value) if np.ndim(value) else 0
    groups = -(-count // 4)
    words = stream.words(stream.advance(groups), groups).reshape(-1).tolist()
    order = list(range(count))
    for i in range(count - 1):
        j = i + words[i] % (count - i)
        order[i], order[j] = order[j], order[i]
    return value[order] if count else value


random_shuffle_op.shape(same)
random_shuffle_op.gradient(None)


@op(
    "Multinomial(logits:T, num_samples:int32) -> (output:output_dtype)",
    output_dtype=(int32, int64),
)
def multinomial_op(run, logits, num_samples, *, seed=0, seed2=0, output_dtype=int64):
    """Choices among the columns: (batch, classes) -> (batch, num_samples).

    exp(logits) need not add up to 1 in a row; a logit of -inf is never chosen.
    """
    stream, count = stream_of(run, seed, seed2), int(num_samples)
    batch = len(logits)
    first = stream.advance(STRIDE * batch * 2 * (-(-count // 4) * 4))
    words = stream.words(first, -(-batch * count // 2))
    draws = to_uniform64(words).reshape(-1)[: batch * count].reshape(batch, count)
    highest = np.max(
        logits, axis=1, keepdims=True, where=np.isfinite(logits), initial=-np.inf
    )
    weights = np.where(np.isfinite(logits), np.exp(logits - highest), 0)
    sums = np.cumsum(weights.astype(np.float64), axis=1)
    chosen = [
        np.searchsorted(row, u * row[-1], side="right")
        for row, u in zip(sums, draws, strict=True)
    ]
    return np.array(chosen, output_dtype.as_numpy_dtype).reshape(batch, count)


@multinomial_op.shape
def _(op, logits, num_samples):
    count = op.constant(1)
    rows = logits.with_rank(2).as_list()[0]
    return TensorShape([rows, None if count is None else int(count)])


multinomial_op.gradient(None)


## Where seeds come from

DEFAULT_GRAPH_SEED = 87654321
LARGEST_SEED = 2**31 - 1


def get_seed(op_seed):
    """The two seeds of a new operation, each in [0, 2**31 - 1), or (None, None).

    Args:
      op_seed: the seed asked for, or None.
    """
    graph = get_default_graph()
    if graph.seed is None and op_seed is None:
        return None, None
    if graph.seed is None:
        return DEFAULT_GRAPH_SEED, op_seed % LARGEST_SEED
    if op_seed is None:
        op_seed = graph._last_id
    found = graph.seed % LARGEST_SEED, op_seed % LARGEST_SEED
    return found if any(found) else (0, LARGEST_SEED)  # 0 and 0 would be a surprise


def set_random_seed(seed):
    """Make the random operations written from now on the same in each program run.

    Args:
      seed: an integer, the first seed of each of them; the second is its own.
    """
    get_default_graph().seed = seed


def seeds(op_seed):
    """The seeds as attributes of a random operation."""
    seed, seed2 = get_seed(op_seed)
    return {"seed": seed or 0, "seed2": seed2 or 0}


## What programs call


def shape_input(shape):
    """A shape as an integer tensor called `shape`."""
    return convert_to_tensor(shape, name="shape", preferred_dtype=int32)


def random_normal(shape, mean=0.0, stddev=1.0, dtype=float32, seed=None, name=None):
    """Normal random numbers.

    Args:
      shape: the shape, a list or an integer tensor.
      mean, stddev: mean and standard deviation, numbers or tensors.
      dtype: float16, float32 or float64.
      seed: an integer, or None; see `set_random_seed`.
      name: the scope of the operations.
    """
    return scaled(
        random_standard_normal, "random_normal", shape, mean, stddev, dtype, seed, name
    )


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=float32, seed=None, name=None):
    """Normal random numbers nearer to the mean than two deviations.

    The arguments are those of `random_normal`; `stddev` is the deviation before the
    tails are cut off.
    """
    return scaled(
        truncated_normal_op, "truncated_normal", shape, mean, stddev, dtype, seed, name
    )


def scaled(row, default_name, shape, mean, stddev, dtype, seed, name):
    """A draw with mean 0 and deviation 1, moved and scaled."""
    dtype = as_dtype(dtype)
    with name_scope(name, default_name, [shape, mean, stddev]) as name:
        shape = shape_input(shape)
        mean = convert_to_tensor(mean, dtype=dtype, name="mean")
        stddev = convert_to_tensor(stddev, dtype=dtype, name="stddev")
        draw = row(shape, dtype=dtype, **seeds(seed))
        return add(draw * stddev, mean, name=name)


def random_uniform(shape, minval=0, maxval=None, dtype=float32, seed=None, name=None):
    """Random numbers that are equally likely everywhere in [minval, maxval).

    Args:
      shape: the shape, a list or an integer tensor.
      minval: the smallest number.
      maxval: the end of the range, which does not belong to it; 1 for floats, and to
        be given for integers.
      dtype: float16, float32, float64, int32 or int64.
      seed: an integer, or None; see `set_random_seed`.
      name: the name of the operation.

    Raises:
      ValueError: for another dtype, and for integers without `maxval`.
    """
    dtype = as_dtype(dtype)
    if dtype.name not in (*FLOATS, "bfloat16", "int32", "int64"):
        raise ValueError(f"Invalid dtype {dtype!r}")
    if maxval is None:
        if dtype.is_integer:
            raise ValueError(f"Must specify maxval for integer dtype {dtype!r}")
        maxval = 1
    with name_scope(name, "random_uniform", [shape, minval, maxval]) as name:
        shape = shape_input(shape)
        minval = convert_to_tensor(minval, dtype=dtype, name="min")
        maxval = convert_to_tensor(maxval, dtype=dtype, name="max")
        if dtype.is_integer:
            return random_uniform_int(shape, minval, maxval, **seeds(seed), name=name)
        draw = random_uniform_op(shape, dtype=dtype, **seeds(seed))
        return add(draw * (maxval - minval), minval, name=name)


def random_shuffle(value, seed=None, name=None):
    """The rows of `value` in random order; the same row is never taken twice."""
    return random_shuffle_op(value, **seeds(seed), name=name)


def multinomial(logits, num_samples, seed=None, name=None, output_dtype=None):
    """Random choices: (batch, classes) -> (batch, num_samples).

    Args:
      logits: logarithms of the probabilities, up to a constant in each row.
      num_samples: how many choices for each row.
      seed: an integer, or None; see `set_random_seed`.
      name: the scope of the operation.
      output_dtype: int32, or int64 as by default.
    """
    return chosen(logits, num_samples, output_dtype, seed, name, "multinomial")


def categorical(logits, num_samples, dtype=None, seed=None, name=None):
    """`tf.random.categorical`: another name of `multinomial`."""
    return chosen(logits, num_samples, dtype, seed, name, "categorical")


def chosen(logits, num_samples, dtype, seed, name, default_name):
    """The choices, in the scope `name`."""
    with name_scope(name, default_name, [logits]):
        logits = convert_to_tensor(logits, name="logits")
        dtype = as_dtype(dtype or int64)
        return multinomial_op(logits, num_samples, output_dtype=dtype, **seeds(seed))
