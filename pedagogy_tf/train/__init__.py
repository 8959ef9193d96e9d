"""tf.train: optimizers, and what else a training loop needs."""

from pedagogy_tf.core.descents import (
    AdadeltaOptimizer,
    AdagradDAOptimizer,
    AdagradOptimizer,
    FtrlOptimizer,
    ProximalAdagradOptimizer,
    ProximalGradientDescentOptimizer,
    RMSPropOptimizer,
)
from pedagogy_tf.core.optimizers import (
    AdamOptimizer,
    GradientDescentOptimizer,
    MomentumOptimizer,
    Optimizer,
)
