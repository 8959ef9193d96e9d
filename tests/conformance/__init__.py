"""The referee: the same small programs in TensorFlow 1.15.5 and in pedagogy_tf.

`cases/` holds the programs, `fixtures/` what the real TensorFlow answered (made once by
`make_fixtures.py`), and `../test_conformance.py` asks pedagogy_tf the same questions.
`table.py` writes down how it went, name by name, for the book (`make table`).

To add a question, write a function in the file of `cases/` it belongs to:

    @case("tf.tanh")
    def tanh_of_zero(tf, np):
        x = tf.constant(0.0)
        y = tf.tanh(x)
        return {"value": y, "gradient": tf.gradients(y, x)}

and ask the real TensorFlow, which needs Python 3.7:

    python3.7 -m venv tf1
    tf1/bin/pip install tensorflow==1.15.5 "numpy<1.19" "protobuf<3.21"
    tf1/bin/python -m tests.conformance.make_fixtures FILE

What we leave different on purpose, or cannot do yet, the case says with `differs=` and
`not_yet=`; when that is no longer true, its test fails.
"""
