"""The buttons that lead to the repository, to Colab and to Binder."""

from __future__ import annotations

import house

BRANCH = "main"
BINDER = "https://mybinder.org"
COLAB = "https://colab.research.google.com"


def configure(app, config):
    config.html_theme_options.update(
        repository_url=house.repository(),
        repository_branch=BRANCH,
        path_to_docs="book",
    )
    config.html_theme_options["launch_buttons"] = {
        "notebook_interface": "jupyterlab",
        "binderhub_url": BINDER,
        "colab_url": COLAB,
    }


def launch(page: str) -> dict[str, str]:
    """{label: address} of the services that run a chapter."""
    where = house.repository().removeprefix("https://github.com/")
    path = f"book/chapters/{page}.ipynb"
    return {
        "Run in Colab": f"{COLAB}/github/{where}/blob/{BRANCH}/{path}",
        "Run in Binder": f"{BINDER}/v2/gh/{where}/{BRANCH}?urlpath=lab/tree/{path}",
    }


def setup(app):
    app.connect("config-inited", configure)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
