"""The command line: answers as text and JSON, one sentence and the right exit code for what goes wrong."""

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.cli import main
from app.cli.serving import exposed
from app.settings import Settings
from app.store import Store
from tests.pictures import blobs, furnished_folder, stripes


class Terminal:
    """Runs the command line in this process, on the tiny model, in a data folder of its own."""

    def __init__(self, folder: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
        self.model, self.data, self.monkeypatch, self.capsys = f"small@{folder}", data, monkeypatch, capsys

    def run(self, *words: str | Path) -> tuple[int, str, str]:
        """Exit code, standard output and standard error."""
        self.monkeypatch.setattr(sys, "argv", ["app", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = self.capsys.readouterr()
        return int(end.value.code or 0), out, err

    def answer(self, *words: str | Path) -> dict[str, Any]:
        """The JSON of a command that must succeed."""
        code, out, err = self.run(*words, "--json")
        assert code == 0, err
        return json.loads(out)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The model's folder, which no command writes to."""
    folder = furnished_folder(tmp_path_factory.mktemp("models") / "small", pictures=60, facet=10)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    yield folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


@pytest.fixture
def terminal(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Terminal:
    monkeypatch.setenv("FACETSCOPE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("FACETSCOPE_DEVICE", "cpu")
    return Terminal(small, tmp_path / "data", monkeypatch, capsys)


def test_a_folder_of_pictures_becomes_an_index(terminal: Terminal, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for i in range(12):
        blobs(i)[0].save(pictures / f"{i}.png")
    (pictures / "broken.jpg").write_bytes(b"no picture")
    built = terminal.answer("index", "build", "--model", terminal.model, "--images", pictures, "--name", "mine")
    assert (built["name"], built["model"], built["images"], built["skipped"]) == ("mine", "small", 12, 1)
    assert built["warnings"] == ["1 of 13 pictures (7.7%) were left out: the index speaks of the others only."]
    assert terminal.answer("index", "show", "mine") == built
    code, out, err = terminal.run("index", "build", "--model", terminal.model, "--images", pictures, "--name", "mine")
    assert code == 0 and "12 pictures" in out and "broken.jpg" in out
    assert out.splitlines()[-1].startswith("Warning: 1 of 13 pictures")
    assert "Traceback" not in err
    recorded = terminal.answer("index", "columns", "mine", "--model", terminal.model)
    assert recorded["images"] == 12 and recorded["bytes"] > 0
    assert terminal.answer("index", "columns", "mine", "--model", terminal.model) == recorded


def test_units_are_labelled_offline_from_a_word_list(terminal: Terminal, tmp_path: Path) -> None:
    words, others = tmp_path / "words.txt", tmp_path / "others.txt"
    words.write_text("red\ngreen\nblue\ndiscs\n")
    others.write_text("one\ntwo\n")
    again = ("label", "build", "--model", terminal.model, "--layer", "layer4.0", "--words")
    made = terminal.answer(*again, words)
    (layer,) = made["layers"]
    assert (made["index"], layer["layer"], layer["units"], layer["word_count"]) == ("small-corpus", "layer4.0", 256, 4)
    assert terminal.answer(*again, words) == made
    code, out, err = terminal.run(*again, others)
    assert code == 0 and "256 units have a sure label, from the 2 words of others.txt" in out
    assert layer["words_hash"] in err and "make them again" in err
    code, _, err = terminal.run(*again, tmp_path / "none.txt")
    assert code == 2 and "none.txt is no text file" in err and "Traceback" not in err
    code, _, err = terminal.run("label", "build", "--model", terminal.model, "--index", "none")
    assert code == 1 and "no corpus named none" in err


def test_families_that_lack_labels_say_how_to_make_them(terminal: Terminal, tmp_path: Path) -> None:
    for number in range(12):
        blobs(number)[0].save(tmp_path / f"{number}.png")
    index = ("--model", terminal.model, "--layer", "layer4.0", "--images", tmp_path, "--name", "mine")
    assert terminal.run("index", "build", *index)[0] == 0
    assert terminal.run("index", "columns", "mine", "--model", terminal.model)[0] == 0
    code, out, err = terminal.run("family", "build", "--model", terminal.model, "--index", "mine")
    assert code == 1 and out == "" and "app label build --model small --index mine" in err


def test_an_export_that_cannot_be_written_is_one_sentence(terminal: Terminal, tmp_path: Path) -> None:
    out = tmp_path / "new" / "people.json"
    assert terminal.answer("export", "--out", out)["bytes"] == out.stat().st_size
    code, _, err = terminal.run("export", "--out", out / "below")
    assert code == 1 and f"{out / 'below'} cannot be written" in err and "Traceback" not in err


def test_what_people_made_is_backed_up_and_restored(terminal: Terminal, tmp_path: Path) -> None:
    store = Store(terminal.data, Settings(data=terminal.data).database)
    store.files.put_blob("abcd", b"webp")
    store.close()
    file, other = tmp_path / "backup.tar.gz", tmp_path / "other"
    made = terminal.answer("backup", file)
    assert (made["files"], made["counts"]["renders"], made["bytes"]) == (2, 0, file.stat().st_size)
    assert terminal.answer("restore", file, "--data", other)["counts"] == made["counts"]
    assert (other / "blobs" / "ab" / "abcd.webp").read_bytes() == b"webp"
    code, _, err = terminal.run("restore", file, "--data", other)
    assert code == 2 and "not empty" in err and "Traceback" not in err
    file.write_bytes(file.read_bytes()[:200])
    code, _, err = terminal.run("restore", file, "--data", tmp_path / "third")
    assert code == 1 and "cut off" in err and "Traceback" not in err and not (tmp_path / "third").exists()


def test_a_database_of_a_newer_version_is_not_served(terminal: Terminal) -> None:
    Store(terminal.data, Settings(data=terminal.data).database).close()
    with closing(sqlite3.connect(terminal.data / "facetscope.sqlite3")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    code, _, err = terminal.run("serve", "--model", terminal.model, "--port", "0")
    assert code == 1 and "9999" in err and "newer version" in err and "Traceback" not in err


@pytest.mark.usefixtures("s3")
def test_a_bucket_that_is_missing_is_said_before_a_server_starts(terminal: Terminal) -> None:
    terminal.monkeypatch.setenv("FACETSCOPE_BLOBS", "s3://nowhere/prefix")
    code, _, err = terminal.run("serve", "--model", terminal.model, "--port", "0")
    assert code == 1 and "s3://nowhere/prefix cannot be used" in err and "Traceback" not in err


def test_published_weights_become_facets_that_steer(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "weights" / "layer3.0"
    folder.mkdir(parents=True)
    for seed, name in enumerate(("face", "text")):
        weights = np.random.default_rng(seed).standard_normal((1, 128, 4, 4), dtype=np.float32)
        np.save(folder / f"{name}_spatial.npy", weights)
    found = terminal.answer("facet", "import", terminal.model, "--from", tmp_path / "weights")["facets"]
    assert [each["name"] for each in found] == ["face", "text"]
    assert terminal.answer("facet", "import", terminal.model, "--from", tmp_path / "weights")["facets"] == found
    settings = ("--size", "32", "--steps", "4", "--out", tmp_path / "unit.png")
    made = terminal.answer("render", f"{terminal.model}/layer4.0/3", "--facet", "text", *settings)
    assert made["spec"]["facet"] == found[1]["id"] and made["facet_score"] is None
    code, _, err = terminal.run("facet", "import", terminal.model, "--from", tmp_path / "nowhere")
    assert code == 2 and "holds no LAYER/FACET_spatial.npy" in err and "Traceback" not in err


def test_a_facet_is_trained_and_steers_a_render(terminal: Terminal, tmp_path: Path) -> None:
    theme = tmp_path / "theme"
    theme.mkdir()
    for i in range(10):
        stripes(i).save(theme / f"{i}.png")
    facet = terminal.answer("facet", "train", "--model", terminal.model, "--name", "mine", "--images", theme)
    assert facet["status"] == "ready" and facet["positives"] == 10 and facet["layers"]
    out = tmp_path / "unit.png"
    address = f"{terminal.model}/layer4.0/3"
    made = terminal.answer("render", address, "--out", out, "--facet", "mine", "--steps", "4", "--size", "32")
    assert made["spec"]["facet"] == facet["id"] and 0 <= made["facet_score"] <= 1
    with Image.open(out) as picture:
        assert picture.size == (32, 32)
    shipped = terminal.answer("render", address, "--out", out, "--facet", "stripes", "--steps", "2", "--size", "32")
    assert shipped["spec"]["facet"] != facet["id"]
    corpus = f"{terminal.model.partition('@')[0]}-corpus"
    assert terminal.answer("index", "columns", corpus, "--model", terminal.model)["facets"] == 2


def test_anything_is_rendered_with_several_facets(terminal: Terminal, tmp_path: Path) -> None:
    quick, layer = ("--size", "32", "--steps", "3"), f"{terminal.model}/layer4.0"
    out, picture = tmp_path / "out.png", tmp_path / "picture.png"
    stripes(3).save(picture)
    mixed = ("--direction", "5 - 0.5*9", "--facet", "stripes=-0.5", "--ramp", "2", "--diversity", "1")
    made = terminal.answer("render", layer, "--out", out, *mixed, *quick)
    assert made["spec"]["direction"] == [[5, 1.0], [9, -0.5]] and made["spec"]["strength"] == -0.5
    with Image.open(out) as shown:
        assert shown.size == (64, 32), "diverse pictures side by side"
    like = terminal.answer("render", layer, "--out", out, "--of", "picture", "--picture", picture, *quick)
    assert like["spec"]["of"] == "picture" and like["spec"]["picture"] != "to come"
    text = terminal.answer("render", layer, "--out", out, "--prompt", "striped things", *quick)
    assert text["spec"]["prompt"] == "striped things"


def test_a_gallery_of_a_layer_holds_every_unit(terminal: Terminal) -> None:
    layer = ("--layer", "layer1.0", "--preset", "preview")
    (path,) = terminal.answer("gallery", "render", "--model", terminal.model, *layer)["written"]
    assert path == str(terminal.data / "galleries" / "small" / "layer1.0" / "any.zip")
    assert Path(path).stat().st_size > 1000


def test_what_is_missing_to_reproduce_the_paper_is_said_in_rows(terminal: Terminal, tmp_path: Path) -> None:
    terminal.monkeypatch.setenv("FACETSCOPE_MODEL_CACHE", str(tmp_path / "cache"))
    said = terminal.answer("reproduce", "--model", "RN50x4.openai", "--reference", tmp_path)["rows"]
    need_no_weights = ("published atlas", "attack table: how far a text covers")
    need_weights = [row for row in said if not row["name"].startswith(need_no_weights)]
    assert all("model fetch RN50x4.openai" in row["verdict"] for row in need_weights) and len(need_weights) > 8
    assert all({"name", "published", "measured", "verdict", "seconds"} <= row.keys() for row in said)
    code, out, err = terminal.run("reproduce", "--model", terminal.model)
    assert code == 0 and "not here: The corpus small-corpus" in out
    assert "pictures of the corpus: 60 of 60" in err and "expected" in out and "measured" in out


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["index", "show", "nowhere"], 1, "no corpus named nowhere"),
        (["model", "check", "RN50x4.nosuchtag"], 1, "RN50x4"),
        (["model", "check", "RN50x4.openai"], 1, "model fetch RN50x4.openai"),
        (["render", "unit89", "--out", "x.png"], 2, "MODEL/LAYER/UNIT"),
        (["render", "MODEL/layer4.0/256", "--out", "x.png"], 1, "0 to 255"),
        (["render", "MODEL/layer9.0/1", "--out", "x.png"], 1, "layer4.0"),
        (["render", "MODEL/layer4.0/1", "--out", "x.png", "--steps", "-4"], 2, "steps"),
        (["render", "MODEL/layer4.0/1", "--out", "x.png", "--preset", "huge"], 2, "preview"),
        (["render", "MODEL/layer4.0", "--out", "x.png", "--direction", "5 9"], 2, "381 + 0.5*17"),
        (["render", "MODEL/layer4.0", "--out", "x.png", "--of", "picture", "--picture", "/nowhere"], 2, "/nowhere"),
        (["index", "build", "--model", "MODEL", "--images", "/nowhere", "--name", "x"], 2, "/nowhere"),
        (["index", "build", "--name", "x"], 2, "--model"),
        (["publish", "copy", "--model", "MODEL", "--units", "9-3"], 2, "from the smaller to the larger"),
        (["publish", "copy", "--model", "MODEL", "--units", "1,x"], 2, "not 'x'"),
        (["publish", "copy", "--model", "MODEL", "--units", ""], 2, "not ''"),
        (["publish", "README.md", "--model", "MODEL"], 2, "README.md is a file"),
        (["reproduce", "--model", "RN50x4.nosuchtag"], 1, "RN50x4"),
        (["reproduce", "--model", "MODEL", "--index", "none"], 1, "no corpus named none"),
    ],
)
def test_what_goes_wrong_is_one_sentence(
    terminal: Terminal, tmp_path: Path, words: list[str], code: int, sentence: str
) -> None:
    terminal.monkeypatch.setenv("FACETSCOPE_MODEL_CACHE", str(tmp_path / "cache"))
    ended, _, err = terminal.run(
        *(word.replace("MODEL", terminal.model) if word != "unit89" else word for word in words)
    )
    assert ended == code and sentence in err
    assert "Traceback" not in err
    store = Store(terminal.data, Settings(data=terminal.data).database)
    assert store.renders() == [] and store.facets() == []
    store.close()


def test_a_key_is_printed_once_and_revoked(terminal: Terminal) -> None:
    code, key, _ = terminal.run("key", "add", "anna", "--scope", "make")
    assert code == 0 and key.startswith("facetscope_") and len(key.strip()) > 50
    code, listed, _ = terminal.run("key", "list")
    assert "anna" in listed and "make" in listed and key.strip() not in listed
    assert [(each["name"], each["scope"]) for each in terminal.answer("key", "list")["keys"]] == [("anna", "make")]
    code, _, err = terminal.run("key", "add", "anna", "--scope", "read")
    assert code == 2 and "there is a key anna already" in err
    assert terminal.run("key", "add", "two words", "--scope", "read")[0] == 2
    assert terminal.answer("key", "revoke", "anna") == {"revoked": "anna"}
    code, _, err = terminal.run("key", "revoke", "anna")
    assert code == 1 and "no key anna" in err
    assert terminal.answer("key", "list") == {"keys": []}


def test_settings_that_contradict_each_other_are_one_sentence(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACETSCOPE_BROWSING", "closed")
    code, _, err = terminal.run("key", "list")
    assert code == 2 and err.startswith("browsing: it can only be closed where access is team")


@pytest.mark.parametrize(
    ("host", "access", "warned"),
    [("127.0.0.1", "private", False), ("::1", "private", False), ("localhost", "private", False)]
    + [("0.0.0.0", "private", True), ("lab.example.org", "private", True), ("0.0.0.0", "team", False)],
)
def test_serve_warns_where_everybody_may_do_everything(host: str, access: Any, warned: bool) -> None:
    said = exposed(Settings(host=host, access=access))
    assert ("FACETSCOPE_ACCESS" in said and f"{host}:8000" in said) is warned and bool(said) is warned
