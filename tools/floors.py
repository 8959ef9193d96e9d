"""The floors of the house: a module imports only from its own floor or one below.

Change the plan here, and nowhere else.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

FLOORS = [
    (
        "Ground",
        "core.workshop core.errors core.dtypes core.shapes core.arrays core.protos",
    ),
    ("Page", "core.graph core.op"),
    ("Catalogue", "core.nest core.ops.*"),
    (
        "Engine",
        "core.plan core.flow core.gradients core.loops core.session core.testing",
    ),
    (
        "Training",
        "core.variables core.initializers core.scopes core.layers core.convolutional "
        "core.pooling core.normalization core.losses "
        "core.metrics core.slots core.optimizers core.descents core.schedules "
        "core.averages core.rnn core.checkpoint core.saver core.queues "
        "core.data core.summary core.draw core.digits",
    ),
    ("Keras", "keras.*"),
    ("Annex", "gpu.*"),
    ("Porch", "compat.* __main__"),
]


def floor(module: str) -> int | None:
    """The floor of a module, 0 for the ground; None if the plan has no such room."""
    for number, (_, patterns) in enumerate(FLOORS):
        if any(fnmatchcase(module, pattern) for pattern in patterns.split()):
            return number
    return None
