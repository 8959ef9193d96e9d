"""The workshop: tools for the chapters; no other room imports this one.

`extends` lets a class grow over several cells. `use_book_style`, `show` and
`diagram` make figures that can be read on paper, on a dark screen, and aloud.
"""

# Generated from book/source/01_workshop.md: change it there, then `make export`.

import base64
import io
import sys

__all__ = ["extends", "COLORS", "STYLE", "use_book_style", "png", "show", "diagram"]


## Grow a class, a cell at a time


def extends(cls):
    """Decorator: add a method or property to `cls`, which an earlier cell began.

    In the package the method stands inside the body of its class. So that it is the
    same in a notebook, a global name that it shares keeps the meaning it had before.
    """

    def add(member):
        function = getattr(member, "fget", None) or getattr(member, "__func__", member)
        setattr(cls, function.__name__, member)
        outside = sys._getframe(1).f_globals
        return outside.get(function.__name__, member)

    return add


## Draw for every reader

COLORS = {
    "forward": "#2f7dc1",
    "backward": "#d1495b",
    "update": "#3a8f5c",
    "state": "#8a63c9",
    "feed": "#b7791f",
    "neutral": "#767676",
}

STYLE = {
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "text.color": COLORS["neutral"],
    "axes.labelcolor": COLORS["neutral"],
    "axes.edgecolor": COLORS["neutral"],
    "xtick.color": COLORS["neutral"],
    "ytick.color": COLORS["neutral"],
    "axes.prop_cycle": f"cycler(color={list(COLORS.values())})",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",
    "legend.frameon": False,
    "savefig.dpi": 144,
}


def use_book_style():
    """Let matplotlib draw without a ground, in the colours of the book."""
    import matplotlib

    matplotlib.rcdefaults()
    matplotlib.rcParams.update(STYLE)


def png(fig):
    """The figure as the bytes of a PNG file, the same for the same figure."""
    file = io.BytesIO()
    fig.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def show(fig, alt):
    """Put a figure under the cell, with words for those who do not see it.

    Args:
      fig: a matplotlib figure. It is closed, so that it is shown once.
      alt: what the picture tells, in one or two sentences.

    Raises:
      ValueError: if alt is empty.
    """
    from IPython.display import display
    from matplotlib import pyplot

    pyplot.close(fig)
    if not alt.strip():
        raise ValueError("a figure needs alt: one sentence that says what it shows")
    picture = {"image/png": base64.b64encode(png(fig)).decode(), "text/plain": alt}
    display(picture, metadata={"image/png": {"alt": alt}}, raw=True)


## Draw boxes and arrows


def diagram(boxes, arrows=(), figsize=(7, 2)):
    """A figure of labelled boxes, and arrows between them.

    Args:
      boxes: {label: (x, y)} or {label: (x, y, color)}; the centres of the boxes,
        in any unit, y upwards; color is a key of COLORS or any colour.
      arrows: pairs of labels, (from, to).
      figsize: width and height in inches.
    """
    from matplotlib import pyplot

    fig, ax = pyplot.subplots(figsize=figsize)
    patches = {}
    for label, (x, y, *rest) in boxes.items():
        color = COLORS.get(rest[0], rest[0]) if rest else COLORS["neutral"]
        frame = {"boxstyle": "round,pad=0.5", "facecolor": "none", "edgecolor": color}
        text = ax.text(x, y, label, ha="center", va="center", bbox=frame)
        patches[label] = text.get_bbox_patch()
    for start, end in arrows:
        line = {"arrowstyle": "->", "color": COLORS["neutral"]}
        line |= {"patchA": patches[start], "patchB": patches[end]}
        ax.annotate("", xy=boxes[end][:2], xytext=boxes[start][:2], arrowprops=line)
    xs, ys = zip(*[place[:2] for place in boxes.values()])
    ax.set(xlim=(min(xs) - 0.6, max(xs) + 0.6), ylim=(min(ys) - 0.6, max(ys) + 0.6))
    ax.axis("off")
    return fig
