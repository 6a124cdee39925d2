"""The documents say what the code does: settings, licences, commands."""

import re
from pathlib import Path

from typer.testing import CliRunner

from app.cli import cli
from app.settings import ROOT, Settings

README = (ROOT / "README.md").read_text()


def settings_table() -> str:
    """The README's table, made from the settings themselves."""
    rows = ["| variable | default | what it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = " ".join(default) if isinstance(default, tuple) else str(default).replace(f"{ROOT}/", "")
        rows.append(f"| `FACETSCOPE_{name.upper()}` | {f'`{shown}`' if shown else ''} | {field.description} |")
    return "\n".join(rows)


def test_the_readme_lists_every_setting() -> None:
    written = re.search(r"<!-- settings -->\n(.*?)\n<!-- /settings -->", README, re.DOTALL)
    assert written and written.group(1) == settings_table()


def test_every_vendored_file_has_its_licence_recorded() -> None:
    notice = (ROOT / "NOTICE.md").read_text()
    for path in (ROOT / "static" / "vendor").glob("*.js"):
        assert path.name in notice, path


def test_the_documents_link_to_files_that_exist() -> None:
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_promised_commands_are_there() -> None:
    for command in (
        ["serve"],
        ["export"],
        ["model", "list"],
        ["model", "check"],
        ["model", "fetch"],
        ["index", "build"],
        ["index", "columns"],
        ["index", "export"],
        ["index", "show"],
        ["label", "build"],
        ["facet", "train"],
        ["render"],
        ["gallery", "render"],
        ["demo", "build"],
        ["demo", "train"],
        ["demo", "evaluate"],
        ["reproduce"],
    ):
        answer = CliRunner().invoke(cli, [*command, "--help"])
        assert answer.exit_code == 0, command


def test_the_container_runs_one_worker_as_a_user_and_asks_readyz() -> None:
    text = Path(ROOT / "Dockerfile").read_text()
    assert "USER facetscope" in text and "/readyz" in text and "--workers" not in text
