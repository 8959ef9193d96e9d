"""Ask TensorFlow 1.15.5 how the digits program goes, and keep what it says.

    python -m tests.digits.make_fixture      (with the Python that has TensorFlow)

Writes fixture.npz, beside this file: the first values of all variables, the mean loss
of every epoch, and the digits that it reads in the images it has not seen.
"""

import os

import numpy as np

from tests.digits.program import HERE, learn


def main():
    import tensorflow as tf

    assert tf.__version__ == "1.15.5", tf.__version__
    start, losses, guesses = learn(tf)
    path = os.path.join(HERE, "fixture.npz")
    guesses = guesses.astype(np.uint8)
    np.savez_compressed(path, losses=np.array(losses), guesses=guesses, **start)
    print(path, os.path.getsize(path), "bytes; last loss", losses[-1])


if __name__ == "__main__":
    main()
