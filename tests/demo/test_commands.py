import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.demo import commands
from app.demo.commands import app
from app.demo.pack import Pack
from app.errors import BadInput, NotReady


def test_evaluating_weights_that_are_not_there_names_the_file(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["evaluate", "--weights", str(tmp_path / "none.safetensors")])
    assert isinstance(result.exception, BadInput)
    assert "none.safetensors does not exist" in result.exception.detail


@pytest.mark.parametrize("command", ["evaluate", "train"])
def test_without_the_artwork_the_command_to_make_it_is_named(command: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("FACETSCOPE_MODEL_CACHE", str(tmp_path))
    result = CliRunner().invoke(app, [command])
    assert isinstance(result.exception, NotReady)
    assert "python -m app demo build" in result.exception.detail


def test_evaluate_prints_the_figures_of_the_shipped_weights(pack: Pack, few, tmp_path: Path, monkeypatch) -> None:
    pack.save(tmp_path / "build" / "world.npz")
    monkeypatch.setenv("FACETSCOPE_MODEL_CACHE", str(tmp_path))
    monkeypatch.setattr(commands, "concepts", lambda stage: few)
    result = CliRunner().invoke(app, ["evaluate", "--json", "--each", "2", "--pairs", "4"])
    assert result.exception is None, result.output
    assert json.loads(result.stdout)["concepts"] == 3
    plain = CliRunner().invoke(app, ["evaluate", "--each", "1", "--pairs", "4"])
    assert "multimodal units: " in plain.stdout
