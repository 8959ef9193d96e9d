"""Time the same work in several frameworks, in turns, and print ratios.

    make bench                       all cases, all peers that are there
    python -m benchmarks --only "MLP" --threads 1 --rounds 15
    python benchmarks/setup_peers.py tensorflow-1.15 pytorch     install peers

Every framework runs in an interpreter of its own. In each round every one of them is
timed once, so that a slow moment of the machine is a slow moment for all; the figure is
the median, over the rounds, of our time divided by the peer's. Below 1 we are faster.
Before anything is timed, the first three results are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks import cases
from benchmarks.worker import MODULES

HERE = Path(__file__).resolve().parent
OURS = "pedagogy_tf"
NETWORKS = {"mlp": cases.mlp, "tiny": cases.tiny}


class Peer:
    """A framework in an interpreter of its own.

    Attributes:
        missing: why it cannot be had, or None.
        version: what the framework calls its version.
    """

    def __init__(self, name: str, threads: int):
        self.name = name
        python = HERE / "environments" / name / "bin" / "python"
        python = os.environ.get(
            f"PEER_{name.upper()}".replace("-", "_").replace(".", "_"), python
        )
        if not Path(python).exists():
            python = sys.executable
        limit = {
            f"{lib}_NUM_THREADS": str(threads) for lib in ("OMP", "OPENBLAS", "MKL")
        }
        limit |= {"TF_NUM_INTRAOP_THREADS": str(threads), "TF_NUM_INTEROP_THREADS": "1"}
        self.process = subprocess.Popen(
            [str(python), str(HERE / "worker.py"), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **limit},
        )
        hello = self.answer()
        self.missing, self.version = hello.get("missing"), hello.get("version")

    def answer(self) -> dict:
        """The next answer; says so if the interpreter died."""
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"missing": "died", "error": "died"}

    def ask(self, **order) -> dict:
        """An order, and the answer to it."""
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return self.answer()


def time_case(case: cases.Case, peers: list[Peer], rounds: int, folder: str) -> dict:
    """Seconds of each round, by peer; peers that do not know the case are left out."""
    path = None
    if case.kind in NETWORKS:
        data = NETWORKS[case.kind]()
        path = f"{folder}/{case.kind}.npz"
        named = {f"w{i}": w for i, w in enumerate(data.weights)}
        np.savez(path, x=data.x, labels=data.labels, **data.rates, **named)
    ready, firsts = [], {}
    for peer in peers:
        answer = peer.ask(build=case.kind, size=case.size, arrays=path)
        if answer.get("first"):
            ready.append(peer)
            firsts[peer.name] = answer["first"]
        elif answer.get("error"):
            print(f"  {peer.name}: {answer['error']}")
    for name, first in firsts.items():
        if not np.allclose(first, firsts[OURS], rtol=1e-3, atol=1e-5):
            raise SystemExit(
                f"{case.name}: {name} gives {first}, we give {firsts[OURS]}"
            )
    times: dict[str, list[float]] = {peer.name: [] for peer in ready}
    for number in range(rounds + 1):
        for peer in ready:
            seconds = peer.ask(at_least=0.05)["seconds"]
            if number:  # the first round warms up
                times[peer.name].append(seconds)
    return times


def ratio(ours: list[float], theirs: list[float]) -> float:
    """The median over the rounds of our time by theirs."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def table(results: dict, names: list[str]) -> str:
    """The results as a Markdown table."""
    head = ["work", "ours, µs", *[f"ours / {name}" for name in names if name != OURS]]
    lines = [f"| {' | '.join(head)} |", f"|---|{'--:|' * (len(head) - 1)}"]
    for case, times in results.items():
        ours = times[OURS]
        row = [case, f"{1e6 * statistics.median(ours):,.1f}"]
        for name in names:
            if name != OURS:
                row.append(f"{ratio(ours, times[name]):.3g}" if name in times else "")
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def main() -> int:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--peers", default=",".join(MODULES), help="names, with commas")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument(
        "--store", action="store_true", help="write benchmarks/results/"
    )
    options = parser.parse_args()
    wanted = list(dict.fromkeys([OURS, *options.peers.split(",")]))
    peers = [Peer(name, options.threads) for name in wanted]
    for peer in peers:
        if peer.missing:
            print(f"skipped {peer.name}: {peer.missing}")
    peers = [peer for peer in peers if not peer.missing]
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for case in cases.CASES:
            if options.only.lower() in case.name.lower():
                print(f"{case.name} ...", flush=True)
                results[case.name] = time_case(case, peers, options.rounds, folder)
    names = [peer.name for peer in peers]
    print("\n" + table(results, names))
    if options.store:
        store(results, {peer.name: peer.version for peer in peers}, options.threads)
    return 0


def store(results: dict, versions: dict, threads: int) -> None:
    """Keep the figures: a JSON file with all of them, and the table for the book."""
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    facts = {
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "threads": threads,
        "versions": versions,
        "seconds": results,
    }
    name = f"cpu_{threads}_thread{'s' * (threads > 1)}"
    (folder / f"{name}.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    text = table(results, list(versions))
    (folder / f"{name}.md").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
