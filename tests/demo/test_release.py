import json
import re
import tarfile
from pathlib import Path

import numpy as np
import open_clip
import pytest
from PIL import Image

from app.demo.concepts import concepts
from app.demo.config import MODEL_FILE, RELEASE, load_config
from app.demo.fetch import VERSIONS
from app.demo.lettering import FACES
from app.demo.model import load
from app.demo.release import FACETS, corpus, facet, write_tar
from app.demo.world import World

MEBIBYTE = 1 << 20


def labels(path: Path) -> list[dict]:
    with tarfile.open(path) as tar:
        names = tar.getnames()
        assert names == [f"{i // 2:06d}.{'json' if i % 2 else 'webp'}" for i in range(len(names))]
        return [json.loads(tar.extractfile(name).read()) for name in names[1::2]]  # pyright: ignore[reportOptionalMemberAccess]


def test_the_corpus_is_large_labelled_and_small_on_disk() -> None:
    path = RELEASE / "corpus-000000.tar"
    entries = labels(path)
    assert len(entries) >= 4000
    assert path.stat().st_size <= 12 * MEBIBYTE
    assert all(set(entry) == {"caption", "concept", "style", "word", "kind"} for entry in entries)
    assert {entry["concept"] for entry in entries} >= {concept.name for concept in concepts(load_config().stage)}
    assert 0.4 < sum(entry["kind"] == "colour" for entry in entries) / len(entries) < 0.5


@pytest.mark.parametrize("name", FACETS)
def test_every_facet_ships_pictures_of_its_own(name: str) -> None:
    assert len(labels(RELEASE / "facets" / f"{name}.tar")) == 160


def test_nothing_that_ships_is_drawn_in_a_held_out_style() -> None:
    held_out = {"twemoji", "openmoji"} | {face.name for face in FACES if face.held_out}
    for path in [RELEASE / "corpus-000000.tar", *(RELEASE / "facets" / f"{name}.tar" for name in FACETS)]:
        assert not {entry["style"].split()[0] for entry in labels(path)} & held_out


def test_shipped_pictures_are_what_the_world_draws_byte_for_byte(pack, few, tmp_path: Path) -> None:
    for copy in ("one", "two"):
        assert write_tar(corpus(World(pack, few), 20), tmp_path / f"{copy}.tar") == 20
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    with tarfile.open(tmp_path / "one.tar") as tar:
        stored = np.asarray(Image.open(tar.extractfile("000000.webp")).convert("RGB"), dtype=int)  # pyright: ignore[reportArgumentType]
    drawn = next(corpus(World(pack, few), 1)).image.astype(int)
    assert np.abs(stored - drawn).mean() < 12


def test_a_facet_shows_only_its_theme(pack, few) -> None:
    countries = {c.name for c in concepts() if c.flag}
    assert {entry["concept"] for entry in labels(RELEASE / "facets" / "flag.tar")} <= countries
    assert {entry["kind"] for entry in labels(RELEASE / "facets" / "face.tar")} == {"colour"}
    assert {p.kind for p in facet(pack, few, "sketch", 20)} == {"sketch"}


def test_the_shipped_model_is_one_that_open_clip_builds() -> None:
    config = json.loads((RELEASE / "open_clip_config.json").read_text("utf-8"))
    assert config == json.loads(MODEL_FILE.read_text("utf-8"))
    weights = RELEASE / "model.safetensors"
    assert weights.stat().st_size <= 25 * MEBIBYTE
    clip = load(config, weights)
    module = open_clip.create_model(f"local-dir:{RELEASE}", load_weights=False)
    assert {n: t.shape for n, t in module.state_dict().items()} == {n: t.shape for n, t in clip.state_dict().items()}


def test_every_source_is_recorded_with_version_and_licence() -> None:
    text = (RELEASE / "SOURCES.md").read_text("utf-8")
    for name, version in VERSIONS.items():
        assert re.search(rf"`@iconify-json/{name}` \| {re.escape(version)} \| \S+", text), name
    for face in FACES:
        family = face.path.split("/")[1]
        assert re.search(rf"`fonts-{family}[\w-]*`", text), family


def test_the_model_card_quotes_the_shipped_evaluation() -> None:
    card = Path("docs/demo-model.md").read_text("utf-8")
    report = json.loads((RELEASE / "evaluation.json").read_text("utf-8"))
    rows = [*report["zero_shot"].values(), *report["attack"].values()]
    for row in rows:
        assert f"| {' | '.join(f'{value:.3f}' for value in row.values())} |" in card
    units = report["multimodal"]
    assert f"{units['strict']} of {units['units']} units" in card
    assert units["strict"] == len(units["list"])
