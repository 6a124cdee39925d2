"""The documents say what the code does: settings, licences, commands."""

import re
import shlex
import tomllib
from pathlib import Path

import typer.main
from typer.core import TyperGroup

from app.cli import cli
from app.settings import ROOT, VERSION, Settings

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


def test_the_version_that_copies_name_is_the_projects() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION


def test_every_vendored_file_has_its_licence_recorded() -> None:
    notice = (ROOT / "NOTICE.md").read_text()
    for path in (ROOT / "static" / "vendor").glob("*.js"):
        assert path.name in notice, path


def test_the_documents_link_to_files_that_exist() -> None:
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name} links to {target}"


def promised() -> list[list[str]]:
    """What stands behind `python -m app` in the README's blocks, word by word."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]
    return [words[words.index("app") + 1 :] for words in lines if words[:2] == ["uv", "run"] and "app" in words]


def test_the_promised_commands_are_there() -> None:
    found = promised()
    assert len(found) > 10
    for words in found:
        command = typer.main.get_command(cli)
        rest = list(words)
        while isinstance(command, TyperGroup):
            assert rest and rest[0] in command.commands, " ".join(words)
            command = command.commands[rest.pop(0)]
        known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
        assert {word for word in rest if word.startswith("--")} <= known, " ".join(words)


def test_the_commands_that_scripts_rely_on_are_there() -> None:
    groups = {
        "model": "list check fetch",
        "index": "build columns export show",
        "label": "build",
        "key": "add list revoke",
        "family": "build",
        "facet": "train import",
        "gallery": "render",
        "demo": "build train evaluate",
    }
    command = typer.main.get_command(cli)
    assert isinstance(command, TyperGroup) and {"serve", "export", "render", "reproduce"} <= command.commands.keys()
    for name, wanted in groups.items():
        group = command.commands[name]
        assert isinstance(group, TyperGroup) and set(wanted.split()) <= group.commands.keys()


def test_the_container_runs_one_worker_as_a_user_and_asks_readyz() -> None:
    text = Path(ROOT / "Dockerfile").read_text()
    assert "USER facetscope" in text and "/readyz" in text and "--workers" not in text
