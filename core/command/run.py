"""`python -m core run`: starts the worker that a page would start, and brings the result."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from core.errors import BlindfoldError, Cancelled, ConfigError, InputError, StoreError
from core.rights import usual_rights
from core.run import Run, cancel, create, kill, start, status
from core.run_status import RunStatus

if TYPE_CHECKING:
    from core.command.check import Check

OURS = ("audit.json", "report.html", "suppressors", "tables")
"""What an earlier result may hold; a folder with anything else is never replaced."""

_LOOK_SECONDS = 0.2
_PLAIN_SECONDS = 5.0


def run_audit(settings: Path, out: Path, checks: Sequence[Check] = ()) -> Run:
    """Run the audit of the file `settings` and put its result at `out`, whole or not at all.

    `checks` that no audit with these settings could answer are refused before any work.
    Raises `InputError` for faulty input, `Cancelled` where a person stopped it, and
    `BlindfoldError` where the fault is ours.
    """
    from core.config import load_config

    config = load_config(settings)
    if checks:
        from core.command.check import check_settings
        from core.config_presets import filled

        check_settings(checks, filled(config)[0].as_run())
    check_out(out)
    run = create(config, base=settings.resolve().parent)
    start(run)
    print(f"run {run.id}", file=sys.stderr)
    ended = _watch(run)
    if ended.state == "done":
        bring(run.result, out)
        return run
    if ended.state == "cancelled":
        raise Cancelled("cancelled; what was finished is kept, and the same command goes on")
    if ended.state == "failed" and ended.fault == "input":
        raise InputError(ended.error)
    why = ended.error or "the worker was killed from outside, perhaps for want of memory"
    raise BlindfoldError(f"{why} ({run.path / 'log.txt'}); the same command goes on from there")


def check_out(out: Path) -> None:
    """Raise `ConfigError` where `out` cannot take a result, before any work is done."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise ConfigError(f"--out {out} is no folder: give a new folder, or an earlier result")
    inside = {path.name for path in out.iterdir()} if out.is_dir() else set()
    if inside and "audit.json" not in inside:
        raise ConfigError(
            f"--out {out} holds {len(inside)} things and is no earlier result: give a new folder"
        )
    foreign = sorted(inside - set(OURS))
    if (out / "tables").is_dir():
        tables = (out / "tables").iterdir()
        foreign += sorted(
            f"tables/{path.name}" for path in tables if path.suffix not in (".csv", ".parquet")
        )
    if foreign:
        raise ConfigError(
            f"--out {out} holds '{foreign[0]}', which no audit wrote and which a new result would "
            "delete: give a new folder, or move it away"
        )
    try:
        out.resolve().parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"--out {out} cannot be made ({error.strerror}): give a folder that this user may write"
        ) from error
    if not os.access(out.resolve().parent, os.W_OK | os.X_OK):
        raise ConfigError(
            f"--out {out} lies where this user may not write: give another folder, or the right to"
        )


def bring(result: Path, out: Path) -> None:
    """Copy `result` to `out` in one step: what was there before stays until the copy is whole."""
    check_out(out)
    fresh = out.with_name(f".{out.name}.{secrets.token_hex(4)}.tmp")
    old = out.with_name(f".{out.name}.{secrets.token_hex(4)}.old")
    try:
        shutil.copytree(result, fresh)
        usual_rights(fresh)  # the run's own are for its owner alone
        if out.exists():
            out.rename(old)
        fresh.rename(out)
    except (OSError, shutil.Error) as error:
        if old.exists() and not out.exists():
            old.rename(out)
        reason = getattr(error, "strerror", None) or "the disk refused"
        raise StoreError(
            f"the result cannot be copied to {out} ({reason}): it is whole in {result}; free some "
            "space or choose another --out, and run the same command again"
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def _watch(run: Run) -> RunStatus:
    """Show how the run stands until it ends; the first Ctrl-C cancels it, the second kills it."""
    asked = 0

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked += 1

    before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
    heeded = 0
    try:
        with shown() as show:
            while (now := status(run)).active:
                show(now)
                if asked > heeded:
                    heeded = asked
                    cancel(run) if asked == 1 else kill(run)
                time.sleep(_LOOK_SECONDS)
            show(now)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    if asked and now.state == "stopped":
        cancel(run)
        return status(run)
    return now


@contextmanager
def shown() -> Iterator[Callable[[RunStatus], None]]:
    """A bar on a terminal, plain lines anywhere else; both on stderr."""
    if not sys.stderr.isatty():
        yield _Lines().show
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = (
        TextColumn("{task.fields[phase]}"),
        BarColumn(bar_width=40),
        TaskProgressColumn(),
        TextColumn("{task.fields[rest]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0, phase="", rest="")

        def show(now: RunStatus) -> None:
            bar.update(task, completed=now.fraction, phase=_phase(now), rest=_left(now))

        yield show


class _Lines:
    """A line where the phase changes, and now and then in between where the count has moved."""

    def __init__(self) -> None:
        self._phase = ""
        self._count = ""
        self._said = 0.0

    def show(self, now: RunStatus) -> None:
        phase, count = f"{now.state} {now.phase}", _phase(now)
        soon = time.monotonic() - self._said < _PLAIN_SECONDS
        if count == self._count or (phase == self._phase and soon):
            return
        self._phase, self._count, self._said = phase, count, time.monotonic()
        words = [f"{now.fraction:4.0%}", count, _left(now)]
        print("  ".join(word for word in words if word), file=sys.stderr, flush=True)


def _phase(now: RunStatus) -> str:
    if now.state != "running":
        return f"{now.state}: {now.message}" if now.message not in ("", now.state) else now.state
    count = f"{now.done:,} of {now.total:,}" if now.total > 1 else ""
    return " ".join(word for word in (now.phase, count, now.message) if word)


def _left(now: RunStatus) -> str:
    """The estimate in words, no finer than it is."""
    if now.eta is None or now.state != "running":
        return ""
    seconds = round(now.eta)
    return f"about {seconds} s left" if seconds < 90 else f"about {round(seconds / 60)} min left"
