"""Install the frameworks that we are measured against, each in its own environment.

    python benchmarks/setup_peers.py                    all of them
    python benchmarks/setup_peers.py pytorch dezero     some

They lie in benchmarks/environments/NAME (not kept in git). TensorFlow 1.15 needs a
Python 3.7 on the PATH or from pyenv; what cannot be installed is said and left out.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGES = {
    "tensorflow-1.15": [
        "tensorflow==1.15.5",
        "keras==2.2.4",
        "h5py<3",
        "numpy<1.19",
        "protobuf<3.21",
    ],
    "tensorflow-2": ["tensorflow-cpu>=2.16", "tf-keras"],
    "pytorch": ["torch", "numpy"],
    "autograd": ["autograd"],
    "dezero": ["dezero", "matplotlib<3.8", "numpy<1.24"],
}


def python_for(name: str) -> str | None:
    """The interpreter that a framework needs, or None if there is none here."""
    if name != "tensorflow-1.15":
        return sys.executable
    found = sorted(Path.home().glob(".pyenv/versions/3.7*/bin/python3.7"))
    return str(found[-1]) if found else shutil.which("python3.7")


def install(name: str) -> str:
    """Install one framework; what to tell about it."""
    python, folder = python_for(name), HERE / "environments" / name
    if python is None:
        return "needs Python 3.7, which is not here"
    steps = [
        [python, "-m", "venv", str(folder)],
        [str(folder / "bin" / "pip"), "install", "-q", *PACKAGES[name]],
    ]
    for step in steps:
        result = subprocess.run(step, capture_output=True, text=True)
        if result.returncode:
            return (result.stderr.strip() or "failed").splitlines()[-1]
    return "installed"


if __name__ == "__main__":
    for name in sys.argv[1:] or PACKAGES:
        print(f"{name}: {install(name)}", flush=True)
