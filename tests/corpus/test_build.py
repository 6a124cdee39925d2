from pathlib import Path

import numpy as np
import pytest
import torch

from app.clip import registry
from app.clip.clip import Clip
from app.corpus.build import Cancelled, build, building
from app.corpus.index import Index
from app.corpus.layers import default_layers
from app.corpus.look import look, measure
from app.corpus.manifest import IndexManifest, index_key
from app.corpus.sources import open_source
from app.errors import BadInput, NotFound, NotReady
from tests.corpus.conftest import picture
from tests.tiny import tiny_hub_folder


def tables(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.npy"))}


def brute_force(clip: Clip, index: Index, layer: str) -> tuple[np.ndarray, np.ndarray]:
    """Activations and places [N, C] of the indexed images, in the order of their numbers."""
    seeds = [int(index.record(number)["key"][-7:-4]) for number in range(len(index))]
    pictures = [picture(seed, _size(seed)) for seed in seeds]
    values, places = measure(clip, clip.prepare(pictures), [layer])[layer]
    return values.numpy(), places.numpy()


def _size(number: int) -> tuple[int, int]:
    return 64 + number % 7, 64 + number % 5


def test_examples_are_those_of_brute_force(tiny_clip: Clip, index: Index) -> None:
    for layer in ("layer2.0", "layer4.0"):
        values, places = brute_force(tiny_clip, index, layer)
        for unit in (0, 7, 31):
            column = values[:, unit]
            result = index.unit(layer, unit)
            assert len(result.top) == 100
            assert len(result.bottom) == 40
            for entries, expected in ((result.top, np.sort(column)[::-1]), (result.bottom, np.sort(column))):
                np.testing.assert_allclose([e.activation for e in entries], expected[: len(entries)], atol=2e-5)
                for entry in entries:
                    assert abs(column[entry.image] - entry.activation) < 2e-5
            strongest = result.top[0]
            assert strongest.place == places[strongest.image, unit]
            np.testing.assert_allclose(result.stats.mean, column.mean(dtype=np.float64), atol=1e-5)
            np.testing.assert_allclose(result.stats.std, column.std(dtype=np.float64), atol=1e-5)
            assert sum(result.counts) == sum(band.count for band in result.bands) == len(index) == 150


@pytest.mark.parametrize("batch_size", [1, 7, 64, 500])
def test_no_batch_size_changes_a_bit(
    tiny_clip: Clip, photos: Path, index: Index, tmp_path: Path, batch_size: int
) -> None:
    build(tiny_clip, open_source(str(photos)), "again", None, tmp_path / "again", batch_size=batch_size)
    assert tables(tmp_path / "again") == tables(index.folder)


def test_the_manifest_says_where_everything_came_from(tiny_clip: Clip, photos: Path, index: Index) -> None:
    manifest = index.manifest
    assert manifest.key == index_key(tiny_clip, open_source(str(photos)), default_layers(tiny_clip))
    assert (manifest.model, manifest.weights_hash) == (tiny_clip.slug, tiny_clip.weights_hash)
    assert (manifest.images, manifest.skipped, manifest.root) == (150, 2, photos)
    assert manifest.layers == ("layer1.0", "layer2.0", "layer3.0", "layer3.1", "layer4.0")


def test_bad_pictures_are_skipped_counted_and_listed_with_reasons(index: Index) -> None:
    refused = {refusal.name: refusal.reason for refusal in index.manifest.refused}
    assert refused["broken.png"].startswith("broken.png is not a picture we can read")
    assert "empty" in refused["empty.jpg"]


def test_all_bad_pictures_are_counted_and_the_first_hundred_listed(tiny_clip: Clip, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    picture(0).save(folder / "z.png")
    for number in range(120):
        (folder / f"{number}.png").write_bytes(b"x")
    manifest = build(tiny_clip, open_source(str(folder)), "bad", ["layer4.0"], tmp_path / "index")
    assert (manifest.images, manifest.skipped, len(manifest.refused)) == (1, 120, 100)


def test_more_than_one_refused_picture_in_a_hundred_is_worth_a_warning(index: Index) -> None:
    def warnings(images: int, skipped: int) -> list[str]:
        return index.manifest.model_copy(update={"images": images, "skipped": skipped}).warnings

    assert not warnings(100, 0) and not warnings(99, 1)
    assert warnings(98, 2) == ["2 of 100 pictures (2.0%) were left out: the index speaks of the others only."]


def test_a_folder_without_one_good_picture_is_refused_and_leaves_nothing(tiny_clip: Clip, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "notes.png").write_text("dear diary")
    with pytest.raises(BadInput, match=r"not one picture that can be indexed: notes\.png is not a picture"):
        build(tiny_clip, open_source(str(tmp_path / "images")), "none", None, tmp_path / "indexes" / "none")
    assert not list((tmp_path / "indexes").iterdir())


def test_a_picture_with_a_non_finite_activation_is_refused_by_name(tmp_path: Path, photos: Path) -> None:
    folder = tiny_hub_folder(tmp_path / "model")
    clip = registry.load(registry.entry(f"sick@{folder}"), tmp_path, "cpu", offline=True)
    torch.nn.init.constant_(clip.module.visual.get_parameter("layer4.0.bn3.bias"), torch.inf)
    with pytest.raises(BadInput, match="not a finite number"):
        build(clip, open_source(str(photos / "second")), "sick", None, tmp_path / "sick")


def test_progress_counts_up_to_all_images(tiny_clip: Clip, photos: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    build(
        tiny_clip, open_source(str(photos)), "p", ["layer1.0"], tmp_path / "p", progress=lambda *step: seen.append(step)
    )
    assert [total for _, total in seen] == [152] * 3
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == 152


def test_a_build_that_is_cancelled_in_its_first_partition_leaves_nothing(
    tiny_clip: Clip, photos: Path, tmp_path: Path
) -> None:
    seen: list[int] = []
    with pytest.raises(Cancelled):
        build(
            tiny_clip,
            open_source(str(photos)),
            "p",
            ["layer1.0"],
            tmp_path / "indexes" / "p",
            batch_size=16,
            progress=lambda done, _total: seen.append(done),
            cancelled=lambda: len(seen) == 2,
        )
    assert len(seen) == 2
    assert not list((tmp_path / "indexes").iterdir())


def test_closing_the_steps_cancels_too(tiny_clip: Clip, photos: Path, tmp_path: Path) -> None:
    steps = building(tiny_clip, open_source(str(photos)), "p", ["layer1.0"], tmp_path / "indexes" / "p")
    next(steps)
    assert len(list((tmp_path / "indexes").iterdir())) == 1
    steps.close()
    assert not list((tmp_path / "indexes").iterdir())


def test_an_index_with_the_same_key_is_kept_and_another_is_replaced(
    tiny_clip: Clip, photos: Path, tmp_path: Path
) -> None:
    source, out = open_source(str(photos / "second")), tmp_path / "index"
    first = build(tiny_clip, source, "i", ["layer1.0"], out)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    assert build(tiny_clip, source, "i", ["layer1.0"], out) == first
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()} == before
    assert build(tiny_clip, source, "i", ["layer2.0"], out).key != first.key
    assert IndexManifest.read(out).layers == ("layer2.0",)
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_a_folder_that_is_no_index_is_not_replaced(tiny_clip: Clip, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(BadInput, match="is no index"):
        build(tiny_clip, open_source(str(photos)), "i", ["layer1.0"], tmp_path)
    assert (tmp_path / "diary.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "x" * 81, "a b", "naïve"])
def test_a_name_that_cannot_be_an_address_is_refused(tiny_clip: Clip, photos: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="cannot be part of an address"):
        build(tiny_clip, open_source(str(photos)), name, None, tmp_path / "index")


def test_an_unknown_layer_is_refused(tiny_clip: Clip, photos: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no layer layer9\.9"):
        build(tiny_clip, open_source(str(photos)), "i", ["layer9.9"], tmp_path / "index")


def test_other_weights_are_refused_with_both_hashes(tmp_path: Path, index: Index) -> None:
    folder = tiny_hub_folder(tmp_path / "model", seed=1)
    other = registry.load(registry.entry(f"other@{folder}"), tmp_path, "cpu", offline=True)
    with pytest.raises(NotReady, match=f"weights {index.manifest.weights_hash}, not {other.weights_hash}"):
        Index.open(index.folder, clip=other)
    with pytest.raises(NotReady, match="Build it again"):
        Index.open(index.folder, key="0" * 16)


def test_an_index_of_another_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no index in"):
        Index.open(tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(NotReady, match="another version"):
        Index.open(tmp_path)


def test_a_picture_of_the_corpus_looks_as_it_was_indexed(tiny_clip: Clip, index: Index) -> None:
    number = index.unit("layer4.0", 5).top[0].image
    key = index.record(number)["key"]
    seed = int(key[-7:-4])
    seen = look(tiny_clip, index, picture(seed, _size(seed)))
    assert tuple(seen) == index.manifest.layers
    activation, place = seen["layer4.0"][0][5], seen["layer4.0"][1][5]
    assert abs(activation - index.unit("layer4.0", 5).top[0].activation) < 2e-5
    assert place == index.unit("layer4.0", 5).top[0].place


def test_look_works_without_an_index(tiny_clip: Clip) -> None:
    seen = look(tiny_clip, None, picture(3))
    assert list(seen) == default_layers(tiny_clip)
    assert all(
        values.shape == places.shape == (tiny_clip.layers[name].channels,) for name, (values, places) in seen.items()
    )
