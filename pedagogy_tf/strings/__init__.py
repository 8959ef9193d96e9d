"""tf.strings: texts in a graph."""

from pedagogy_tf.core.ops.words import (
    as_string,
    regex_replace,
    substr,
)
from pedagogy_tf.core.ops.words import string_join as join
from pedagogy_tf.core.ops.words import string_length as length
from pedagogy_tf.core.ops.words import string_lower as lower
from pedagogy_tf.core.ops.words import string_strip as strip
from pedagogy_tf.core.ops.words import string_to_number as to_number
from pedagogy_tf.core.ops.words import string_upper as upper
