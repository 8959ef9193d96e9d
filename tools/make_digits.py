"""Write pedagogy_tf/data/digits.npz from scikit-learn's copy of the UCI digits.

    pip install scikit-learn && python tools/make_digits.py

The file is in the repository, so nobody has to run this; it says where the bytes came
from. They are the same at each run: the archive carries no date.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

PATH = Path(__file__).resolve().parent.parent / "pedagogy_tf" / "data" / "digits.npz"


def main():
    """Read, narrow to bytes without loss, write, and say what was written."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images, labels = digits.images.astype(np.uint8), digits.target.astype(np.uint8)
    assert images.shape == (1797, 8, 8) and images.max() == 16
    assert (images == digits.images).all() and (labels == digits.target).all()
    PATH.parent.mkdir(exist_ok=True)
    np.savez_compressed(PATH, images=images, labels=labels)
    content = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
    print(f"{PATH.name}: {PATH.stat().st_size} bytes, contents sha256 {content}")


if __name__ == "__main__":
    main()
