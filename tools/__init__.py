"""The machine that turns chapters into notebooks and a package.

    book/source/NN_name.md   a chapter, written by people (MyST text)
    book/chapters/*.ipynb    the same chapter, executed, outputs stored
    pedagogy_tf/**.py        the cells that the chapters mark for export

`python -m tools --help` lists the commands; the Makefile calls them.
"""
