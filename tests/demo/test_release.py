import json
import re
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import open_clip
import pyarrow.parquet as pq
import pytest
from PIL import Image

from app.clip import registry
from app.corpus.sources import open_source
from app.demo.concepts import concepts
from app.demo.config import MODEL_FILE, RELEASE, load_config
from app.demo.fetch import VERSIONS
from app.demo.lettering import FACES
from app.demo.model import load
from app.demo.prebuilt import check_release
from app.demo.release import COLUMNS, FACET_PICTURES, FACETS, corpus, facet, write_shards
from app.demo.world import World

MEBIBYTE = 1 << 20


def labels(path: Path) -> list[dict[str, str | None]]:
    """The rows of the pictures in one shard, which holds them in the table's order and nothing else."""
    rows = pq.read_table(path.parent / "metadata.parquet").to_pylist()
    rows = [row for row in rows if row["file_name"].startswith(f"{path.name}/")]
    with tarfile.open(path) as tar:
        assert [row["file_name"] for row in rows] == [f"{path.name}/{name}" for name in tar.getnames()]
    return rows


def test_the_corpus_is_large_labelled_and_small_on_disk() -> None:
    entries = labels(RELEASE / "corpus-000000.tar")
    assert len(entries) >= 6000
    assert sum((RELEASE / name).stat().st_size for name in ("corpus-000000.tar", "metadata.parquet")) <= 12_000_000
    assert set(entries[0]) == set(COLUMNS)
    assert {entry["concept"] for entry in entries} >= {concept.name for concept in concepts(load_config().stage)}
    assert {entry["family"] for entry in entries} >= {concept.family for concept in concepts(load_config().stage)}
    kinds = Counter(entry["kind"] for entry in entries)
    for way in ("colour", "sketch", "word"):
        assert 0.24 < kinds[way] / len(entries) < 0.28, "no way of showing a thing is most of what facets are told from"


def test_the_corpus_is_read_as_any_users_is() -> None:
    items = list(open_source(str(RELEASE / "corpus-*.tar")))
    rows = labels(RELEASE / "corpus-000000.tar")
    assert len(items) == len(rows)
    for item, row in list(zip(items, rows, strict=True))[:50]:
        assert item.record == {name: value for name, value in row.items() if value is not None and name != "file_name"}


@pytest.mark.parametrize("name", FACETS)
def test_every_facet_ships_pictures_of_its_own(name: str) -> None:
    assert len(labels(RELEASE / "facets" / f"{name}.tar")) == FACET_PICTURES


def test_nothing_that_ships_is_drawn_in_a_held_out_style() -> None:
    held_out = {"twemoji", "openmoji"} | {face.name for face in FACES if face.held_out}
    for path in [RELEASE / "corpus-000000.tar", *(RELEASE / "facets" / f"{name}.tar" for name in FACETS)]:
        assert not {str(entry["style"]).split()[0] for entry in labels(path)} & held_out


def test_shipped_pictures_are_what_the_world_draws_byte_for_byte(pack, few, tmp_path: Path) -> None:
    for copy in ("one", "two"):
        assert write_shards({"x.tar": corpus(World(pack, few), 20)}, few, tmp_path / copy) == {"x.tar": 20}
    for name in ("x.tar", "metadata.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    with tarfile.open(tmp_path / "one" / "x.tar") as tar:
        stored = np.asarray(Image.open(tar.extractfile("000000.webp")).convert("RGB"), dtype=int)  # pyright: ignore[reportArgumentType]
    drawn = next(corpus(World(pack, few), 1)).image.astype(int)
    assert np.abs(stored - drawn).mean() < 12


def test_a_facet_shows_only_its_theme(pack, few) -> None:
    countries = {c.name for c in concepts() if c.flag}
    assert {entry["concept"] for entry in labels(RELEASE / "facets" / "flag.tar")} <= countries
    assert {entry["kind"] for entry in labels(RELEASE / "facets" / "face.tar")} == {"colour"}
    for name in ("colour", "sketch"):
        assert {p.kind for p in facet(pack, few, name, 20)} == {name}


def test_the_shipped_model_is_one_that_open_clip_builds() -> None:
    config = json.loads((RELEASE / "open_clip_config.json").read_text("utf-8"))
    assert config == json.loads(MODEL_FILE.read_text("utf-8"))
    weights = RELEASE / "model.safetensors"
    assert weights.stat().st_size <= 25 * MEBIBYTE
    clip = load(config, weights)
    module = open_clip.create_model(f"local-dir:{RELEASE}", load_weights=False)
    assert {n: t.shape for n, t in module.state_dict().items()} == {n: t.shape for n, t in clip.state_dict().items()}


def test_what_ships_ready_made_is_what_the_command_makes() -> None:
    clip = registry.load(registry.entry("iconclip"), RELEASE, "cpu", offline=True)
    assert check_release(clip, RELEASE, units=8) == []


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
    for name, steered in report["facets"].items():
        figures = (steered["auc"], steered["score_up"], steered["activation_kept"])
        assert f"| {name} | {' | '.join(f'{value:.3f}' for value in figures)} |" in card
    named = report["transfer"]
    assert f"{named['top5']:.3f} of {named['units']} renders; by chance {named['chance']:.3f}" in card
    assert f"with the units exchanged {named['permuted']:.3f}" in card
