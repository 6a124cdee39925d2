"""The documents say what the code does: settings, licences, commands."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from itertools import chain, dropwhile, groupby, pairwise
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from app.cli import cli
from app.settings import ROOT, VERSION, Settings

README = (ROOT / "README.md").read_text()
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


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


def commands(text: str) -> Iterator[list[str]]:
    """The commands of a document's shell blocks, word by word, without what is set before them."""
    for block in re.findall(r"^ *```sh\n(.*?)```", text, re.DOTALL | re.MULTILINE):
        begun = ""
        for line in block.replace("\\\n", " ").splitlines():
            begun = f"{begun}\n{line}" if begun else line
            try:
                words = shlex.split(begun, comments=True)
            except ValueError:  # a quote that the next line goes on with
                continue
            begun = ""
            for is_end, part in groupby(words, lambda word: word in ("|", "||", "&&", ";", "&")):
                if not is_end:
                    yield list(dropwhile(lambda word: re.match(r"[A-Za-z_]+=", word), part))
        assert not begun, f"this is no shell: {begun}"


def of_ours(document: Path) -> Iterator[list[str]]:
    """What stands behind `python -m app` in a document, in its blocks and in its sentences."""
    text = document.read_text()
    inline = [span.split() for span in re.findall(r"`((?:uv run )?python -m app [^`\n]+)`", text)]
    for words in chain(commands(text), inline):
        for at in range(len(words) - 2):
            if words[at : at + 3] == ["python", "-m", "app"]:
                yield words[at + 3 :]


def named(document: Path) -> str:
    return str(document.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_the_commands_of_a_document_are_there(document: Path) -> None:
    for words in of_ours(document):
        command = typer.main.get_command(cli)
        rest = list(words)
        while isinstance(command, TyperGroup) and rest and rest[0] != "COMMAND":
            assert rest[0] in command.commands, " ".join(words)
            command = command.commands[rest.pop(0)]
        known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)} | {"--help"}
        options = {word.partition("=")[0] for word in rest if word.startswith("--")}
        assert options <= known, " ".join(words)


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_the_settings_and_targets_that_a_document_names_are_there(document: Path) -> None:
    text = document.read_text()
    settings = {f"FACETSCOPE_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"\bFACETSCOPE_[A-Z0-9_]+", text)) <= settings
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    known = {"--group": project["dependency-groups"], "--extra": project["project"].get("optional-dependencies", {})}
    for words in commands(text):
        if words[:1] == ["make"]:
            assert {word for word in words[1:] if "=" not in word} <= targets, " ".join(words)
        if words[:1] == ["uv"]:
            assert all(to in known[by] for by, to in pairwise(words) if by in known), " ".join(words)


def test_commands_are_read_out_of_every_kind_of_line() -> None:
    text = """```sh
A=1 uv run python -m app serve \\
  --port 9000 && make test    # and a comment
curl -d '{"a":
 1}' http://127.0.0.1:8000/x | head
```"""
    assert list(commands(text)) == [
        ["uv", "run", "python", "-m", "app", "serve", "--port", "9000"],
        ["make", "test"],
        ["curl", "-d", '{"a":\n 1}', "http://127.0.0.1:8000/x"],
        ["head"],
    ]
    assert sum(len(list(of_ours(document))) for document in DOCUMENTS) > 40


def test_what_is_to_be_cited_is_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"version = {{{version}}}" in (ROOT / "docs" / "citing.md").read_text()


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
