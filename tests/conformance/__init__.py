"""The referee: the same small programs in TensorFlow 1.15.5 and in pedagogy_tf.

`cases/` holds the programs, `fixtures/` what the real TensorFlow answered (made once by
`make_fixtures.py`), and `../test_conformance.py` asks pedagogy_tf the same questions.
`table.py` writes down how it went, name by name, for the book.
"""
