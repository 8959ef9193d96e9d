"""Handwritten digits: 1,797 real images that come with the package.

The images are the test part of the UCI data set "Optical Recognition of Handwritten
Digits", E. Alpaydin and C. Kaynak (1998), doi 10.24432/C50P49, CC BY 4.0.
"""

# Generated from book/source/19_digits.md: change it there, then `make export`.

from importlib.resources import files

import numpy as np

__all__ = ["TRAIN", "load_digits", "draw_digits", "upscale"]


## The question

TRAIN = 1500  # the first images are for training, the other 297 for testing


def load_digits():
    """((train_images, train_labels), (test_images, test_labels)).

    Images are uint8 (n, 8, 8), 0 (paper) to 16 (ink); labels are int64 (n,), 0 to 9.
    The first 1,500 are for training and the last 297 for testing, in the order of the
    source, in which images by one hand stand together.
    """
    with (files("pedagogy_tf") / "data" / "digits.npz").open("rb") as file:
        data = np.load(file)
        images, labels = data["images"], data["labels"].astype(np.int64)
    return (images[:TRAIN], labels[:TRAIN]), (images[TRAIN:], labels[TRAIN:])


def draw_digits(images, captions=(), columns=10):
    """A figure of images (n, h, w) in rows: grey where positive, red where negative.

    Args:
      images: each is drawn with its own largest value as full ink.
      captions: a text below each image, or none.
      columns: how many stand in a row.
    """
    from matplotlib import colors, pyplot

    rows = -(-len(images) // columns)
    row_height = 1.4 if len(captions) else 1.1
    fig, ax = pyplot.subplots(figsize=(0.7 * columns, 0.65 * row_height * rows))
    for i, image in enumerate(np.asarray(images, float)):
        x, y = i % columns * 1.1, -(i // columns) * row_height
        paint = np.where(
            image[..., None] < 0, *map(colors.to_rgba, ("#d1495b", "#767676"))
        )
        paint[..., 3] = abs(image) / max(abs(image).max(), 1e-12)
        ax.imshow(paint, extent=(x, x + 1, y, y + 1))
        if len(captions):
            ax.text(x + 0.5, y - 0.05, captions[i], ha="center", va="top", fontsize=9)
    ax.set(xlim=(0, 1.1 * columns - 0.1), ylim=(1 - row_height * rows, 1))
    ax.axis("off")
    return fig


## Make it larger


def upscale(images, size=28, margin=4):
    """Images (n, h, w) drawn larger: float32 (n, size, size), in the same range.

    Bilinear interpolation between the centres of pixels; a margin of zeros around.
    """
    inner = size - 2 * margin

    def shares(n):  # (inner, n): what each new row takes of each old one; sums to 1
        centre = (np.arange(inner) + 0.5) * n / inner - 0.5
        centre = centre.clip(0, n - 1)[:, None]
        return np.maximum(0, 1 - abs(centre - np.arange(n))).astype(np.float32)

    _, h, w = images.shape
    large = shares(h) @ images.astype(np.float32) @ shares(w).T
    return np.pad(large, ((0, 0), (margin, margin), (margin, margin)))
