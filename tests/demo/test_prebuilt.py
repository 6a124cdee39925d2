"""What ships ready-made, on a tiny model folder: it is what a server would make, and a check tells when it is not."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from app.clip import registry
from app.clip.clip import Clip
from app.corpus.index import Index
from app.corpus.packed import unpack
from app.corpus.sample import sample, sample_key
from app.corpus.sources import open_source
from app.demo import prebuilt
from app.demo.commands import app
from app.demo.compare import differences
from app.errors import BadInput
from app.facets import facet as facet_file
from app.microscope import Microscope
from app.render.spectrum import measure, spectrum_of
from app.settings import Settings
from tests.pictures import furnished_folder, striped_files, write_tar

LAYER = "layer4.0"
UNITS = 16


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The furnished folder with its index, its facet and the first units of its galleries."""
    folder = furnished_folder(tmp_path_factory.mktemp("models") / "small", pictures=60)
    prebuilt.write_release(load(folder), folder, folder, UNITS)
    return folder


@pytest.fixture
def copy(release: Path, tmp_path: Path) -> Path:
    return shutil.copytree(release, tmp_path / "small")


def load(folder: Path) -> Clip:
    return registry.load(registry.entry(f"small@{folder}"), folder, "cpu", offline=True)


def run(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["release", "--model", f"small@{folder}", *options])


def test_a_server_takes_the_ready_made_files_as_its_own(copy: Path, tmp_path: Path) -> None:
    microscope = Microscope(Settings(models=(f"small@{copy}",), data=tmp_path / "data", device="cpu"))
    microscope.residents.load("small")
    job = microscope.indexes.own_job("small")
    assert job is not None
    next(iter(job.steps(job)))
    index = microscope.indexes.need("small")
    assert index.manifest.layers == (LAYER,)
    assert torch.equal(
        spectrum_of(index.folder, sample_key(index), iter(())).amplitude, measure(sample(index)).amplitude
    )
    (facet_id,) = microscope.facet_desk.shipped("small")
    assert microscope.facet_desk.queue(facet_id) is None, "there is nothing to train"
    assert microscope.facet(facet_id).status == "ready"
    microscope.store.change_facet(facet_id, status="queued")
    brought = facet_file.load(copy / "facets" / f"stripes.{facet_id}.safetensors")
    (copy / "facets" / f"stripes.{facet_id}.safetensors").unlink()
    microscope.facet_desk.train_now(facet_id)
    trained = microscope.facet_desk.load(facet_id)
    assert trained.reports == brought.reports
    assert {layer: probe.bias for layer, probe in trained.probes.items()} == pytest.approx(
        {layer: probe.bias for layer, probe in brought.probes.items()}
    )
    for facet in ("any", facet_id):
        assert microscope.gallery.has("small", LAYER, UNITS - 1, facet)
    microscope.close()


def test_a_check_of_what_was_just_made_finds_nothing(release: Path) -> None:
    result = run(release, "--check", "--units", "3")
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith("is what the shipped weights and pictures give.\n")


def test_the_command_replaces_what_other_pictures_gave(copy: Path) -> None:
    write_tar(copy / "facets" / "stripes.tar", striped_files(16, start=3000))
    before = {path.name for path in copy.rglob("*.safetensors")}
    found = run(copy, "--check", "--units", "3")
    assert found.exit_code == 1
    assert found.stdout.count("is missing.") == found.stdout.count("is left over from other pictures.") == 2
    clip = load(copy)
    prebuilt.write_release(clip, copy, copy, UNITS)
    assert prebuilt.check_release(clip, copy, 3) == []
    assert len({path.name for path in copy.rglob("*.safetensors")} - before) == 1


def test_a_check_names_what_differs(copy: Path, release: Path) -> None:
    tables = copy / "index" / "layers" / f"{LAYER}.npz"
    with np.load(tables) as archive:
        arrays = dict(archive)
    arrays["moments.mean"][3] += 0.01 * arrays["moments.std"][3]
    arrays["top.ids"][7, :2] = arrays["top.ids"][7, 1::-1]
    arrays["bands.ids"] += 1
    np.savez_compressed(tables, allow_pickle=False, **arrays)
    spectrum = copy / "index" / "spectrum.npz"
    with np.load(spectrum) as archive:
        np.savez_compressed(spectrum, allow_pickle=False, key=archive["key"], amplitude=1.01 * archive["amplitude"])
    plain = copy / "gallery" / LAYER / "any.zip"
    (faceted,) = (path for path in plain.parent.iterdir() if path != plain)
    shutil.copy(faceted, plain)
    said = list(differences(copy, release))
    assert any("moments.mean differs by up to 0.01 sd, for 1 units" in sentence for sentence in said)
    assert any("the top examples differ" in sentence and "for 1 units" in sentence for sentence in said)
    assert any("bands has 100.0% of its images elsewhere" in sentence for sentence in said)
    assert any("any.zip: it was made with" in sentence for sentence in said)
    assert any("spectrum.npz: it has other amplitudes" in sentence for sentence in said)
    assert len(said) == 5


def test_rounding_is_no_difference(copy: Path, release: Path) -> None:
    tables = copy / "index" / "layers" / f"{LAYER}.npz"
    with np.load(tables) as archive:
        arrays = dict(archive)
    rng = np.random.default_rng(0)
    for name in ("top.values", "bottom.values"):
        arrays[name] = arrays[name] + rng.normal(0, 1e-5, arrays[name].shape).astype(np.float32)
    np.savez_compressed(tables, allow_pickle=False, **arrays)
    assert list(differences(copy, release)) == []


def test_only_a_check_may_stop_early(release: Path) -> None:
    result = run(release, "--units", "3")
    assert isinstance(result.exception, BadInput)
    assert "units: only a check may stop early" in result.exception.detail


def test_the_shipped_spectrum_is_that_of_the_shipped_corpus(tmp_path: Path) -> None:
    clip = registry.load(registry.entry("iconclip"), registry.RELEASE, "cpu", offline=True)
    unpack(registry.RELEASE / "index", clip, open_source(str(registry.RELEASE / "corpus-*.tar")), "c", tmp_path / "c")
    index = Index.open(tmp_path / "c")
    shipped = spectrum_of(index.folder, sample_key(index), iter(()))
    torch.testing.assert_close(shipped.amplitude, measure(sample(index)).amplitude, rtol=1e-3, atol=0)
