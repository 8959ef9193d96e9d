"""tf.nest: structures of lists, tuples and dicts."""

from pedagogy_tf.core.nest import (
    assert_same_structure,
    flatten,
    is_nested,
    map_structure,
    pack_sequence_as,
)
