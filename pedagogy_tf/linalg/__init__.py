"""tf.linalg: matrices under their newer names."""

from pedagogy_tf.core.ops.array import matrix_transpose
from pedagogy_tf.core.ops.array import matrix_transpose as transpose
from pedagogy_tf.core.ops.contract import tensordot
from pedagogy_tf.core.ops.layout import diag as tensor_diag
from pedagogy_tf.core.ops.layout import diag_part as tensor_diag_part
from pedagogy_tf.core.ops.layout import eye, trace
from pedagogy_tf.core.ops.layout import matrix_band_part as band_part
from pedagogy_tf.core.ops.layout import matrix_diag as diag
from pedagogy_tf.core.ops.layout import matrix_diag_part as diag_part
from pedagogy_tf.core.ops.layout import matrix_set_diag as set_diag
from pedagogy_tf.core.ops.linalg import (
    adjoint,
    cholesky,
    cholesky_solve,
    cross,
    einsum,
    logdet,
    matvec,
    qr,
    svd,
)
from pedagogy_tf.core.ops.linalg import log_matrix_determinant as slogdet
from pedagogy_tf.core.ops.linalg import matrix_determinant as det
from pedagogy_tf.core.ops.linalg import matrix_inverse as inv
from pedagogy_tf.core.ops.linalg import matrix_solve as solve
from pedagogy_tf.core.ops.linalg import matrix_triangular_solve as triangular_solve
from pedagogy_tf.core.ops.linalg import self_adjoint_eig as eigh
from pedagogy_tf.core.ops.linalg import self_adjoint_eigvals as eigvalsh
from pedagogy_tf.core.ops.math import matmul
from pedagogy_tf.core.ops.measures import global_norm, l2_normalize, norm
