"""Time and memory of an audit of given vectors, against how many and how wide they are.

    python -m benchmarks.million WORK [--runs 1000x512 1000000x512 …]
    python -m benchmarks.million WORK --draw docs/images

For each run a Parquet of made-up vectors is written in row groups (labels are planted as in
`benchmarks.fairness`; nobody's face is behind them) and `python -m core run` audits it in processes
of its own, from an empty store: leakage under the papers' suite, verification, LEACE and the
flagship, over two groups of people (`splits.folds`). The memory of all its processes together is
looked at four times a second. What was measured is kept in WORK/runs.json, and printed as a table
or, with `--draw`, drawn as well.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from core.audit_yaml import write

RUNS = ("1000x128", "10000x128", "100000x128", "1000000x128", "1000x512", "10000x512",
        "100000x512", "1000000x512", "1000x4096")  # fmt: skip
EACH = 4
"""Faces of a person."""
PEOPLE = 4096
"""People whose vectors are made at a time, and stand in one row group."""
LOOK = 0.25
"""Seconds between two looks at the processes."""
STAGES = ("reading", "attacking", "fitting", "verification", "groups", "writing")
SETTINGS = {
    "sensitive": "smiling",
    "attributes": ["smiling"],
    "suppressors": [{"kind": "leace"}, {"kind": "blindfold"}],
    "studies": ["leakage", "verification"],
    "splits": {"folds": 2, "seeds": 1},
}


def make(path: Path, n: int, d: int, seed: int = 0) -> None:
    """Write `n` unit vectors of `d` numbers: a person's own place, a direction for each label."""
    random = np.random.default_rng(seed)
    ways = random.standard_normal((2, d), dtype=np.float32)
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    kind = pa.schema([
        ("id", pa.string()), ("subject_id", pa.string()), ("gender", pa.string()),
        ("smiling", pa.string()), ("embedding", pa.list_(pa.float32(), d)),
    ])  # fmt: skip
    with pq.ParquetWriter(path, kind, compression="none") as file:
        for start in range(0, n // EACH, PEOPLE):
            people = np.arange(start, min(start + PEOPLE, n // EACH))
            who = np.repeat(people, EACH)
            gender = np.repeat(random.integers(2, size=len(people)), EACH)
            smiling = random.integers(2, size=len(who))
            x = np.repeat(random.standard_normal((len(people), d), dtype=np.float32), EACH, axis=0)
            x += np.float32(0.8) * random.standard_normal(x.shape, dtype=np.float32)
            for code, way, size in ((gender, ways[0], 6), (smiling, ways[1], 3.5)):
                x += np.float32(size) * (code - 0.5).astype(np.float32)[:, None] * way
            x /= np.linalg.norm(x, axis=1, keepdims=True)
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(x.ravel()), d)
            columns = [
                pa.array([f"{row:08d}" for row in start * EACH + np.arange(len(who))]),
                pa.array(np.char.mod("%d", who)),
                pa.array(np.array(["female", "male"])[gender]),
                pa.array(np.array(["no", "yes"])[smiling]),
                vectors,
            ]
            file.write_table(pa.Table.from_arrays(columns, schema=kind))


def measure(work: Path, n: int, d: int) -> dict[str, Any]:
    """Audit `n` vectors of `d` numbers: seconds by stage, the peak of memory, what was found."""
    folder = work / f"{n}x{d}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    make(folder / "vectors.parquet", n, d)
    settings = {"name": f"{n}x{d}", "embeddings": {"path": "vectors.parquet"}, **SETTINGS}
    (folder / "audit.yaml").write_text(write(settings), encoding="utf-8")
    command = [sys.executable, "-m", "core", "run", str(folder / "audit.yaml"), "--out",
               str(folder / "out")]  # fmt: skip
    environment = {**os.environ, "BLINDFOLD_CACHE": str(folder / "cache")}
    began = time.monotonic()
    with open(folder / "log.txt", "wb") as log:
        child = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        peak, busy, stages = _watched(child, folder / "cache" / "runs")
    seconds = time.monotonic() - began
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}: {folder}/log.txt")
    (folder / "vectors.parquet").unlink()
    return {
        "n": n, "d": d, "seconds": seconds, "processor": busy, "peak": peak, "stages": stages,
        "load": os.getloadavg()[0], **_found(folder / "out"),
    }  # fmt: skip


def _watched(child: subprocess.Popen[bytes], runs: Path) -> tuple[int, float, dict[str, float]]:
    """Largest resident memory of all processes together, their processor seconds, and seconds by
    stage."""
    peak, last = 0, time.monotonic()
    busy: dict[int, float] = {}
    stages = dict.fromkeys(STAGES, 0.0)
    seen, since = "", last
    while child.poll() is None:
        total = 0
        for process in _family(child.pid):
            try:
                total += process.memory_info().rss
                times = process.cpu_times()
            except psutil.Error:
                continue
            busy[process.pid] = times.user + times.system
        peak = max(peak, total)
        now, said = time.monotonic(), _status(runs)
        if said and said != seen:
            # A step is told of when it is done: the time until then was its own.
            stages[_stage(said, seen)] += now - since
            seen, since = said, now
        time.sleep(LOOK)
    stages["writing"] += time.monotonic() - since
    return peak, sum(busy.values()), stages


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return []


def _status(runs: Path) -> str:
    """The phase and the message of the run."""
    try:
        [path] = runs.glob("*/status.json")
        said = json.loads(path.read_bytes())
        return f"{said['phase']}: {said['message']}"
    except (OSError, ValueError, KeyError):
        return ""


def _stage(now: str, before: str) -> str:
    """The stage that a change from one status to the next belongs to."""
    was = before.split(":")[0].lower()
    if "fitting" in now.split(":", 1)[1]:
        return "fitting"
    if was in ("", "reading", "starting"):
        return "reading"
    return was if was in STAGES else "writing"


def _found(out: Path) -> dict[str, Any]:
    """What the audit says, so that nobody takes the time of an audit that saw nothing."""
    import pandas as pd

    table = pd.read_csv(out / "tables" / "leakage.csv")
    own = table[(table["attacker"] == "strongest") & (table["metric"] == "balanced_accuracy")]
    verified = pd.read_csv(out / "tables" / "verification.csv")
    exact = verified[(verified["metric"] == "accuracy") & (verified["distance"] == "euclidean")]
    facts = json.loads((out / "audit.json").read_bytes())["facts"]
    return {
        "leakage": dict(zip(own["representation"], own["value"], strict=True)),
        "attacker_identities": int(own["attacker_identities"].min()),
        "verification": dict(zip(exact["representation"], exact["value"], strict=True)),
        "pairs": int(exact["pairs"].max()),
        "sample": facts.get("sample"),
    }


def told(runs: list[dict[str, Any]]) -> str:
    """The runs as a table of Markdown."""
    lines = [
        "| vectors | numbers | seconds | processor | peak | reading | fitting | attacking | "
        "verifying | groups | attacked |",
        "|---:" * 11 + "|",
    ]
    for one in sorted(runs, key=lambda run: (run["d"], run["n"])):
        stages = [f"{one['stages'].get(name, 0):.0f}" for name in
                  ("reading", "fitting", "attacking", "verification", "groups")]  # fmt: skip
        drawn = (one["sample"] or {}).get("drawn", {}).get("faces", one["n"])
        cells = [f"{one['n']:,}", one["d"], f"{one['seconds']:.0f} s", f"{one['processor']:.0f} s",
                 f"{one['peak'] / 2**30:.2f} GiB", *stages, f"{drawn:,}"]  # fmt: skip
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def draw(runs: list[dict[str, Any]], folder: Path) -> None:
    """Seconds by stage and peak memory against n, light and dark."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    shown = ("reading", "fitting", "attacking", "verification", "groups")
    count = Counter(one["d"] for one in runs)
    widths = sorted(d for d, several in count.items() if several > 1)
    inked = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
    behind = ("figure.facecolor", "axes.facecolor", "savefig.facecolor")
    for mode, ink, ground in (("light", "#24292f", "#ffffff"), ("dark", "#d7dde3", "#0f1419")):
        style: dict[Any, Any] = {**dict.fromkeys(inked, ink), **dict.fromkeys(behind, ground)}
        with mpl.rc_context({**style, "font.size": 10, "axes.titlecolor": ink}):
            size = (4 * len(widths) + 4, 3.8)
            figure, [axes] = plt.subplots(
                1, len(widths) + 1, figsize=size, layout="constrained", squeeze=False
            )
            for axis, d in zip(axes, widths, strict=False):
                own = sorted((r for r in runs if r["d"] == d), key=lambda r: r["n"])
                for name in shown:
                    axis.plot([r["n"] for r in own],
                              [max(r["stages"].get(name, 0), 0.1) for r in own],
                              marker="o", ms=4, label=name)  # fmt: skip
                axis.set(xscale="log", yscale="log", xlabel="vectors", ylabel="seconds",
                         title=f"{d} numbers")  # fmt: skip
            for d in widths:
                own = sorted((r for r in runs if r["d"] == d), key=lambda r: r["n"])
                axes[-1].plot([r["n"] for r in own], [r["peak"] / 2**30 for r in own], marker="o",
                              ms=4, label=f"{d} numbers")  # fmt: skip
            axes[-1].set(xscale="log", yscale="log", xlabel="vectors", ylabel="GiB",
                         title="peak memory")  # fmt: skip
            for axis in (axes[0], axes[-1]):
                axis.legend(frameon=False, fontsize=8)
            for axis in axes:
                axis.spines[["top", "right"]].set_visible(False)
            figure.savefig(folder / f"growth-{mode}.png", dpi=150)
            plt.close(figure)


def main() -> None:
    """Measure, print, or draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--runs", nargs="*", default=RUNS)
    parser.add_argument("--draw", type=Path)
    asked = parser.parse_args()
    kept = asked.work / "runs.json"
    runs = json.loads(kept.read_bytes()) if kept.exists() else []
    if asked.draw is None:
        for name in asked.runs:
            n, d = map(int, name.split("x"))
            one = measure(asked.work, n, d)
            runs = [run for run in runs if (run["n"], run["d"]) != (n, d)] + [one]
            kept.write_text(json.dumps(runs, indent=1), encoding="utf-8")
            print(json.dumps(one), file=sys.stderr, flush=True)
    else:
        draw(runs, asked.draw)
    print(told(runs))


if __name__ == "__main__":
    main()
