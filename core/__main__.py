"""The command line: `python -m core`. The pages start the same studies in the same way.

Exit status: 0 done; 2 the input or the settings are at fault; 3 a --fail-if condition held;
130 cancelled; 1 a fault of ours.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import BlindfoldError, Cancelled, ConditionHeld, ConfigError, InputError

if TYPE_CHECKING:
    from core.command.check import Check

app = typer.Typer(
    name="python -m core",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help=(
        "Blindfold audits what face embeddings reveal.\n\n"
        "Exit status: 0 done; 2 the input or the settings are at fault; 3 a --fail-if condition "
        "held; 130 cancelled; 1 a fault of ours, and the log says where. What audits keep lies "
        "under cache/, or where BLINDFOLD_CACHE says; BLINDFOLD_JOBS is how many run at once (1)."
    ),
)

RUN_HELP = """A full audit of the settings in AUDIT, with progress and an estimate on stderr.

The smallest AUDIT is one line,  faces: {preset: synthetic}  and for faces of your own:

\b
    name: my audit
    look: quick                # quick (5 x 1) | full (5 x 5)
    faces: {path: my_faces, preset: auto, subject: subject_id}
    encoder: {kind: onnx, weights: recogniser.onnx}
    sensitive: expression      # a label column, a list, or null
    attributes: auto           # the other labels attacked
    studies: [leakage, verification]
    seed: 0

Vectors that you have already:  embeddings: {path: emb.parquet}  instead of faces and encoder.

What is taken out and compared, and other sets for single roles:

\b
    suppressors:
      - {kind: sensitivenets}  # or lntl, leace, blindfold
      - {kind: given, path: phi.parquet}           # your own, for the same ids
      - {kind: saved, path: OUT/suppressors/NAME}  # not fitted again
    roles:                     # each {faces: ...} or {embeddings: ...}
      primary: {faces: {path: many_people}}        # whom they learn from
      sensitive: {faces: {path: labelled}}         # where the label is learnt
      verification: {faces: {path: lfw}}           # what is verified
      outside: {faces: {path: others}}             # what an attacker knows
      gender: {faces: {path: portraits}}           # where a label is attacked
    preset: paper-thesis       # or paper-tpami: the papers' recipe

faces may have  obfuscate: {kind: blur, size: 8}  (or pixelate; or paired, with a path): the same
faces made unclear, measured beside the others.

Relative paths start from the folder of AUDIT. Running the same audit again goes on from what was
finished, so that an interrupted one is not lost.
"""

Preset = Annotated[str, typer.Option(help="How labels are found: auto, folder, manifest, lfw …")]
Subject = Annotated[str, typer.Option(help="The column that says who is shown.")]
Aligned = Annotated[bool, typer.Option(help="The faces are cut out already: skip detection.")]
FailIf = Annotated[
    list[str] | None,
    typer.Option(
        help="A condition, such as leakage.strongest(expression) > 0.30: exit status 3 where it "
        "holds (docs/compare.md). May be given several times.",
    ),
]


class Depth(StrEnum):
    """How deep in the encoder `embed` stops."""

    vector = "vector"
    trunk = "trunk"


@app.command(help=RUN_HELP)
def run(
    audit: Annotated[Path, typer.Argument(help="The settings, a YAML file.")],
    out: Annotated[Path, typer.Option(help="The folder for the result; replaced as a whole.")],
    fail_if: FailIf = None,
) -> None:
    from core.command.run import run_audit

    checks = _checks(fail_if)
    done = run_audit(audit, out, checks)
    tables = len(list((out / "tables").glob("*")))
    print(f"{out}: audit.json and {tables} tables (run {done.id})")
    if checks:
        from core.command.check import check_result

        print(*check_result(out, checks), sep="\n")


@app.command()
def check(
    out: Annotated[Path, typer.Argument(help="The folder of a finished audit.")],
    fail_if: FailIf = None,
) -> None:
    """Hold conditions against the figures of a finished audit."""
    from core.command.check import check_result

    checks = _checks(fail_if)
    if not checks:
        raise ConfigError("check needs a condition: --fail-if 'leakage.strongest(gender) > 0.3'")
    print(*check_result(out, checks), sep="\n")


@app.command()
def compare(
    a: Annotated[Path, typer.Argument(help="The folder of a finished audit.")],
    b: Annotated[Path, typer.Argument(help="Another one, held against it.")],
    *,
    out: Annotated[Path | None, typer.Option(help="The CSV file to write, all changes.")] = None,
    match: Annotated[
        list[str] | None, typer.Option(help="A=B: this representation with that one.")
    ] = None,
    fail_if: FailIf = None,
) -> None:
    """What changed between two finished audits, significantly or not."""
    from core.command.compare import compare as compared

    print(compared(a, b, out=out, match=match or (), fail_if=fail_if or ()))


@app.command()
def inspect(
    path: Annotated[Path | None, typer.Argument(help="A folder, .zip or manifest.")] = None,
    preset: Preset = "auto",
    subject: Subject = "subject_id",
    json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """What a face set holds: counts per label, identities, problems per file."""
    from core.command.faces import inspect as inspected

    print(inspected(_there(path, preset), as_json=json, preset=preset, subject=subject))


@app.command()
def embed(
    path: Annotated[Path | None, typer.Argument(help="A folder, .zip or manifest.")] = None,
    *,
    out: Annotated[Path, typer.Option(help="The Parquet file to write.")],
    encoder: Annotated[str, typer.Option(help="auto, synthetic, pixels, onnx …")] = "auto",
    weights: Annotated[str | None, typer.Option(help="A file, or download.")] = None,
    preset: Preset = "auto",
    subject: Subject = "subject_id",
    aligned: Aligned = False,
    size: Annotated[int | None, typer.Option(help="Side of the crop in pixels (onnx).")] = None,
    color: Annotated[str | None, typer.Option(help="rgb or bgr (onnx).")] = None,
    align: Annotated[str | None, typer.Option(help="five-points, margin, whole (onnx).")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    depth: Annotated[
        Depth, typer.Option(help="vector, or trunk: what suppressors of the last stage take.")
    ] = Depth.vector,
) -> None:
    """Vectors of a face set with ids and labels, for use elsewhere."""
    from core.command.faces import embed as embedded
    from core.config import config_from

    chosen = {"kind": encoder, "weights": weights, "size": size, "color": color, "align": align}
    how: dict[str, Any] = {"preset": preset, "subject": subject, "aligned": aligned}
    _there(path, preset)
    faces = {"path": None if path is None else str(path), **how}
    config_from({"faces": faces, "encoder": chosen, "device": device})  # refuses what a page would
    asked = {**chosen, "device": device}
    found = embedded(path, out, encoder=asked, trunk=depth is Depth.trunk, **how)
    missing = f"; {len(found.problems)} files have none" if found.problems else ""
    print(f"{out}: {len(found):,} vectors of {found.x.shape[1]} numbers{missing}")


@app.command()
def suppress(
    folder: Annotated[Path, typer.Argument(help="OUT/suppressors/NAME of an audit.")],
    *,
    given: Annotated[
        Path,
        typer.Option("--in", help="Vectors (or activations): .parquet, .npz, .npy, .csv."),
    ],
    out: Annotated[Path, typer.Option(help="The Parquet file to write.")],
) -> None:
    """Apply a fitted suppressor to vectors."""
    from core.command.suppress import suppress as suppressed

    rows, numbers = suppressed(folder, given, out)
    print(f"{out}: {rows:,} vectors of {numbers} numbers")


@app.command()
def look(
    source: Annotated[str, typer.Argument(help="An audit's settings, or the id of a run.")],
    *,
    face: Annotated[str, typer.Option(help="The id of a face of a test person.")],
    out: Annotated[Path, typer.Option(help="The .npz file to write.")],
    method: Annotated[str | None, typer.Option(help="occlusion (any encoder), gradients.")] = None,
    label: Annotated[str | None, typer.Option(help="By itself the first sensitive one.")] = None,
    change: Annotated[str | None, typer.Option(help="Shown beside: blur or pixelate.")] = None,
    size: Annotated[int | None, typer.Option(help="Pixels of a block, or of the blur.")] = None,
) -> None:
    """What the encoder looks at in a face: maps for identity and for a label."""
    from core.command.look import look as looked

    meta = looked(source, out, face=face, method=method, label=label, change=change, pixels=size)
    names = " and ".join(one for one in ("identity", meta["label"]) if one)
    print(f"{out}: maps of {names} by {meta['method']}, clear and after {meta['change']}")


@app.command()
def report(
    out: Annotated[Path, typer.Argument(help="The folder of a finished audit.")],
    *,
    html: Annotated[Path | None, typer.Option(help="The HTML file to write, one file.")] = None,
    pdf: Annotated[Path | None, typer.Option(help="The PDF file to write.")] = None,
    smallest: Annotated[
        int, typer.Option(min=0, help="Withhold figures on fewer people; 0 shows all.")
    ] = 10,
) -> None:
    """The result of a finished audit as one file to hand on."""
    from core.command.report import report as reported

    for path in reported(out, html=html, pdf=pdf, smallest=smallest):
        print(f"{path}: {path.stat().st_size:,} bytes")


def _checks(fail_if: list[str] | None) -> list[Check]:
    if not fail_if:
        return []
    from core.command.check import read_checks

    return read_checks(fail_if)


def _there(path: Path | None, preset: str) -> Path | None:
    if path is None and preset != "synthetic":
        raise ConfigError("no path is given: say where the faces are, or use --preset synthetic")
    return path


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8501,
    address: Annotated[str, typer.Option(help="Address to listen on.")] = "localhost",
) -> None:
    """The pages in a browser: the same as `streamlit run streamlit_app.py`."""
    script = Path(__file__).resolve().parent.parent / "streamlit_app.py"
    options = ["--server.port", str(port), "--server.address", address]
    command = [sys.executable, "-m", "streamlit", "run", str(script), *options]
    os.chdir(script.parent)  # where .streamlit/config.toml is looked for
    os.execv(sys.executable, command)


@app.command()
def purge(
    older_than: Annotated[str, typer.Option(help="Age: 30m, 12h, 7d, 2w.")] = "7d",
    everything: Annotated[bool, typer.Option("--all", help="Of any age, at work or not.")] = False,
) -> None:
    """Delete runs, uploads and stored results of a certain age, for good."""
    from core import purge as purging

    print(purging.purge(None if everything else purging.age_seconds(older_than)))


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit status and lets no traceback reach a person."""
    try:
        ended: Any = app(arguments, standalone_mode=False)
        return ended if isinstance(ended, int) else 0
    except InputError as error:
        return _said(str(error), 2)
    except ConditionHeld as error:
        return _said(str(error), 3)
    except (Cancelled, KeyboardInterrupt) as error:
        return _said(str(error) or "cancelled", 130)
    except BlindfoldError as error:
        return _said(str(error), 1)
    except Exception as error:
        if hasattr(error, "format_message"):  # click's: an option that does not exist, and such
            return _said(f"{error.format_message()} (python -m core --help explains)", 2)
        return _said(_logged(), 1)


def _said(sentence: str, status: int) -> int:
    print(f"blindfold: {' '.join(sentence.split())}", file=sys.stderr)
    return status


def _logged() -> str:
    """Keep the traceback of a fault of ours, and say where it is."""
    from core.rights import append_to, make_folder
    from core.store import FAULTS, home

    text = f"{time.strftime('%Y-%m-%d %H:%M:%S')} {sys.argv[1:]}\n{traceback.format_exc()}\n"
    log = home() / FAULTS
    try:
        make_folder(log.parent)
        with append_to(log) as file:
            file.write(text.encode("utf-8", "backslashreplace"))
    except OSError:
        return f"a fault of ours, and {log} cannot be written to say where: give the right to it"
    return f"a fault of ours, not of your data: the end of {log} says where"


if __name__ == "__main__":
    sys.exit(main())
