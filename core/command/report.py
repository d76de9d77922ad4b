"""`python -m core report`: the result of a finished audit as a file to hand on."""

from __future__ import annotations

from pathlib import Path

from core.errors import ConfigError


def report(folder: Path, *, html: Path | None, pdf: Path | None, smallest: int) -> list[Path]:
    """Write the report of the audit in `folder`; returns the files written.

    Raises `InputError` where the folder holds no audit, or a file cannot be written.
    """
    wanted = [one for one in (html, pdf) if one is not None]
    if not wanted:
        raise ConfigError(
            "neither --html nor --pdf is given, and a report is a file: give one, such as "
            "--html report.html"
        )
    if html is not None and pdf is not None and html.resolve() == pdf.resolve():
        raise ConfigError(f"--html and --pdf both name {html}: give each a file of its own")
    for one in wanted:
        _check(one)
    from core.report.write import write_report

    write_report(folder, html=html, pdf=pdf, smallest=smallest)
    return wanted


def _check(path: Path) -> None:
    if path.is_dir():
        raise ConfigError(f"{path} is a folder, and a report is a file: give a name inside it")
    if not path.resolve().parent.is_dir():
        raise ConfigError(
            f"{path} lies in a folder that is not there: make {path.parent}, or give another"
        )
