"""The public names: where to find what `tf.` stands before.

`import pedagogy_tf as tf` takes them from here. Nothing is defined in this file.
"""

from pedagogy_tf import (
    contrib,
    dtypes,
    errors,
    initializers,
    layers,
    linalg,
    losses,
    math,
    metrics,
    nest,
    nn,
    random,
    strings,
    train,
)
from pedagogy_tf.core import flow as _flow  # plans and gradients of branches and
from pedagogy_tf.core import loops as _loops  # loops: who writes them can run them
from pedagogy_tf.core.dtypes import (
    DType,
    as_dtype,
    bfloat16,
    complex64,
    complex128,
    double,
    float16,
    float32,
    float64,
    half,
    int8,
    int16,
    int32,
    int64,
    qint8,
    qint16,
    qint32,
    quint8,
    quint16,
    resource,
    string,
    uint8,
    uint16,
    uint32,
    uint64,
    variant,
)
from pedagogy_tf.core.dtypes import bool_ as bool
from pedagogy_tf.core.errors import OpError
from pedagogy_tf.core.gradients import (
    AggregationMethod,
    UnconnectedGradients,
    gradients,
    hessians,
)
from pedagogy_tf.core.graph import (
    Graph,
    GraphKeys,
    Operation,
    Tensor,
    add_to_collection,
    add_to_collections,
    colocate_with,
    control_dependencies,
    device,
    get_collection,
    get_collection_ref,
    get_default_graph,
    get_default_session,
    name_scope,
    reset_default_graph,
)
from pedagogy_tf.core.initializers import Constant as constant_initializer
from pedagogy_tf.core.initializers import GlorotNormal as glorot_normal_initializer
from pedagogy_tf.core.initializers import GlorotUniform as glorot_uniform_initializer
from pedagogy_tf.core.initializers import Ones as ones_initializer
from pedagogy_tf.core.initializers import RandomNormal as random_normal_initializer
from pedagogy_tf.core.initializers import RandomUniform as random_uniform_initializer
from pedagogy_tf.core.initializers import (
    TruncatedNormal as truncated_normal_initializer,
)
from pedagogy_tf.core.initializers import (
    UniformUnitScaling as uniform_unit_scaling_initializer,
)
from pedagogy_tf.core.initializers import (
    VarianceScaling as variance_scaling_initializer,
)
from pedagogy_tf.core.initializers import Zeros as zeros_initializer
from pedagogy_tf.core.metrics import confusion_matrix
from pedagogy_tf.core.op import (
    NotDifferentiable,
    RegisterGradient,
    constant,
    convert_to_tensor,
    register_tensor_conversion_function,
)
from pedagogy_tf.core.op import NotDifferentiable as NoGradient
from pedagogy_tf.core.ops.array import (
    boolean_mask,
    broadcast_to,
    concat,
    expand_dims,
    gather,
    gather_nd,
    invert_permutation,
    lin_space,
    linspace,
    matrix_transpose,
    newaxis,
    one_hot,
    pad,
    reverse,
    scatter_nd,
    split,
    squeeze,
    stack,
    strided_slice,
    transpose,
    unique,
    unsorted_segment_sum,
    unstack,
    where,
)
from pedagogy_tf.core.ops.array import list_diff as setdiff1d
from pedagogy_tf.core.ops.array import reverse as reverse_v2
from pedagogy_tf.core.ops.array import slice_ as slice
from pedagogy_tf.core.ops.basic import (
    IndexedSlices,
    add_n,
    fill,
    group,
    identity,
    no_op,
    ones,
    ones_like,
    placeholder,
    placeholder_with_default,
    rank,
    reshape,
    shape,
    shape_n,
    size,
    stop_gradient,
    zeros,
    zeros_like,
)
from pedagogy_tf.core.ops.basic import tuple_ as tuple
from pedagogy_tf.core.ops.blocks import (
    batch_to_space,
    batch_to_space_nd,
    depth_to_space,
    required_space_to_batch_paddings,
    space_to_batch,
    space_to_batch_nd,
    space_to_depth,
)
from pedagogy_tf.core.ops.contract import tensordot
from pedagogy_tf.core.ops.control import Assert, case, cond, while_loop
from pedagogy_tf.core.ops.conv import extract_image_patches
from pedagogy_tf.core.ops.elementwise import (
    ceil,
    clip_by_value,
    cos,
    equal,
    exp,
    expm1,
    floor,
    greater,
    greater_equal,
    is_finite,
    is_inf,
    is_nan,
    less,
    less_equal,
    log,
    log1p,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    not_equal,
    reciprocal,
    rint,
    rsqrt,
    sigmoid,
    sin,
    sqrt,
    tanh,
)
from pedagogy_tf.core.ops.elementwise import round_ as round
from pedagogy_tf.core.ops.functional import foldl, foldr, map_fn, scan
from pedagogy_tf.core.ops.layout import (
    argsort,
    batch_gather,
    bitcast,
    broadcast_dynamic_shape,
    diag,
    diag_part,
    dynamic_partition,
    eye,
    matrix_band_part,
    matrix_diag,
    matrix_diag_part,
    matrix_set_diag,
    meshgrid,
    random_crop,
    reverse_sequence,
    roll,
    sequence_mask,
    sort,
    sparse_to_dense,
    tensor_scatter_add,
    tensor_scatter_sub,
    tensor_scatter_update,
    trace,
    unique_with_counts,
)
from pedagogy_tf.core.ops.layout import tensor_scatter_add as tensor_scatter_nd_add
from pedagogy_tf.core.ops.layout import tensor_scatter_sub as tensor_scatter_nd_sub
from pedagogy_tf.core.ops.layout import (
    tensor_scatter_update as tensor_scatter_nd_update,
)
from pedagogy_tf.core.ops.linalg import (
    cholesky,
    cholesky_solve,
    cross,
    einsum,
    matrix_determinant,
    matrix_inverse,
    matrix_solve,
    matrix_triangular_solve,
    qr,
    self_adjoint_eig,
    self_adjoint_eigvals,
    svd,
)
from pedagogy_tf.core.ops.math import abs_ as abs
from pedagogy_tf.core.ops.math import (
    accumulate_n,
    add,
    cast,
    conj,
    div,
    div_no_nan,
    divide,
    dynamic_stitch,
    floor_div,
    floordiv,
    floormod,
    matmul,
    maximum,
    minimum,
    mod,
    multiply,
    negative,
    realdiv,
    reduce_sum,
    saturate_cast,
    scalar_mul,
    sign,
    square,
    squared_difference,
    subtract,
    tile,
    to_complex64,
    to_complex128,
    to_double,
    to_float,
    to_int32,
    to_int64,
    truediv,
    truncatediv,
    truncatemod,
)
from pedagogy_tf.core.ops.math import pow_ as pow
from pedagogy_tf.core.ops.math import range_ as range
from pedagogy_tf.core.ops.measures import (
    clip_by_average_norm,
    clip_by_global_norm,
    clip_by_norm,
    global_norm,
    norm,
)
from pedagogy_tf.core.ops.nn import identity_n, log_sigmoid
from pedagogy_tf.core.ops.random import (
    get_seed,
    multinomial,
    random_normal,
    random_shuffle,
    random_uniform,
    set_random_seed,
    truncated_normal,
)
from pedagogy_tf.core.ops.reduce import (
    argmax,
    argmin,
    count_nonzero,
    cumprod,
    cumsum,
    reduce_all,
    reduce_any,
    reduce_logsumexp,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
)
from pedagogy_tf.core.ops.reduce import argmax_op as arg_max
from pedagogy_tf.core.ops.reduce import argmin_op as arg_min
from pedagogy_tf.core.ops.segment import (
    bincount,
    histogram_fixed_width,
    segment_max,
    segment_mean,
    segment_min,
    segment_prod,
    segment_sum,
    unsorted_segment_max,
    unsorted_segment_mean,
    unsorted_segment_min,
    unsorted_segment_prod,
    unsorted_segment_sqrt_n,
)
from pedagogy_tf.core.ops.special import (
    acos,
    acosh,
    angle,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cosh,
    digamma,
    erf,
    erfc,
    imag,
    lgamma,
    real,
    sinh,
    tan,
)
from pedagogy_tf.core.ops.special import complex_ as complex
from pedagogy_tf.core.ops.tensor_array import TensorArray
from pedagogy_tf.core.ops.words import (
    Print,
    add_check_numerics_ops,
    as_string,
    check_numerics,
    decode_raw,
    py_func,
    regex_replace,
    report_uninitialized_variables,
    string_join,
    string_strip,
    string_to_number,
    substr,
    verify_tensor_all_finite,
)
from pedagogy_tf.core.queues import (
    FIFOQueue,
    PaddingFIFOQueue,
    QueueBase,
    RandomShuffleQueue,
)
from pedagogy_tf.core.scopes import (
    AUTO_REUSE,
    VariableScope,
    get_local_variable,
    get_variable,
    get_variable_scope,
    variable_scope,
)
from pedagogy_tf.core.session import InteractiveSession, Session
from pedagogy_tf.core.shapes import (
    Dimension,
    TensorShape,
    broadcast_static_shape,
    dimension_at_index,
    dimension_value,
)
from pedagogy_tf.core.variables import (
    Variable,
    all_variables,
    assign,
    assign_add,
    assign_sub,
    count_up_to,
    global_variables,
    global_variables_initializer,
    initialize_all_variables,
    initialize_local_variables,
    initialize_variables,
    is_variable_initialized,
    local_variables,
    local_variables_initializer,
    model_variables,
    moving_average_variables,
    scatter_add,
    scatter_div,
    scatter_max,
    scatter_min,
    scatter_mul,
    scatter_nd_add,
    scatter_nd_sub,
    scatter_nd_update,
    scatter_sub,
    scatter_update,
    trainable_variables,
    variables_initializer,
)

__version__ = VERSION = "1.15.5"  # the TensorFlow whose programs run here
