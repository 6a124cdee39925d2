"""`doctor`: whether a server has what it needs."""

from dataclasses import asdict

import typer

from app.cli.options import AsJson, DataFolder, print_answer
from app.microscope.doctor import Check, examine
from app.settings import Settings


def doctor(data: DataFolder = None, as_json: AsJson = False) -> None:
    """Look at disk, weights, device, database, indexes, files and fonts, and say what to do; exit code 1 if something failed."""
    checks = list(examine(Settings(data=data)))
    print_answer(as_json, {"checks": [asdict(check) for check in checks]}, [_line(check) for check in checks])
    if any(check.state == "failed" for check in checks):
        raise typer.Exit(1)


def _line(check: Check) -> str:
    return f"{check.state:<8} {check.name}: {check.said}" + (f" {check.remedy}" if check.remedy else "")
