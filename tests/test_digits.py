"""A network learns to read digits: the first values and the losses are TensorFlow's.

`digits/make_fixture.py` asked TensorFlow 1.15.5; `digits/program.py` is the program
that it ran and that runs here.
"""

import numpy as np
import pytest

import pedagogy_tf
from tests.digits.program import HERE, TRAIN, learn, read


@pytest.fixture(scope="module")
def theirs():
    with np.load(f"{HERE}/fixture.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def ours():
    start, losses, guesses = learn(pedagogy_tf)
    return {**start, "losses": np.array(losses), "guesses": guesses}


@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b2"])
def test_first_values_agree_bit_for_bit(name, ours, theirs):
    assert ours[name].dtype == theirs[name].dtype == np.float32
    if ours[name].tobytes() != theirs[name].tobytes():
        np.testing.assert_array_max_ulp(ours[name], theirs[name], maxulp=2)
        pytest.xfail("float32 log, sin or cos of this machine's NumPy rounds otherwise")


def test_losses_of_twenty_epochs(ours, theirs):
    assert len(ours["losses"]) == 20
    np.testing.assert_allclose(ours["losses"], theirs["losses"], rtol=1e-4)


def test_reads_the_same_digits(ours, theirs):
    """Of 297 guesses, one may fall on the other side of a close decision."""
    assert (ours["guesses"] != theirs["guesses"]).sum() <= 1
    assert (ours["guesses"] == read()[1][TRAIN:]).mean() > 0.88
