from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from app.clip import taps
from app.clip.clip import Clip
from app.errors import BadInput, NotFound
from app.facets.facet import Facet, Probe, ProbeReport, load, log_odds, save, score


@pytest.fixture
def facet(tiny_clip: Clip) -> Facet:
    draw = torch.Generator().manual_seed(0)
    deep, shallow = tiny_clip.layers["layer3.1"], tiny_clip.layers["layer3.0"]
    probes = {
        "layer3.1": Probe("layer3.1", torch.randn(deep.channels, generator=draw), -0.25),
        "layer3.0": Probe("layer3.0", 0.1 * torch.randn(shallow.channels, *shallow.map, generator=draw), 1.5),
    }
    reports = (ProbeReport("layer3.1", 0.9, 0.8, 0.97, 0.85, False), ProbeReport("layer3.0", 0.7, 0.5, 0.8, 0.6, True))
    return Facet(tiny_clip.slug, tiny_clip.weights_hash, probes, reports, ("Only 9 pictures",), 9, 500)


def test_a_saved_facet_is_the_same_facet(facet: Facet, tmp_path: Path):
    save(facet, tmp_path / "new folder" / "face.safetensors")
    back = load(tmp_path / "new folder" / "face.safetensors")
    assert list(back.probes) == list(facet.probes)
    for layer, probe in facet.probes.items():
        assert torch.equal(back.probes[layer].weight, probe.weight)
        assert (back.probes[layer].bias, back.probes[layer].spatial) == (probe.bias, probe.spatial)
    assert (back.reports, back.warnings, back.positives, back.negatives) == (
        facet.reports,
        facet.warnings,
        facet.positives,
        facet.negatives,
    )
    assert back.weights_hash == facet.weights_hash


def test_what_is_no_facet_file_is_refused(tmp_path: Path):
    with pytest.raises(NotFound, match="nothing.safetensors"):
        load(tmp_path / "nothing.safetensors")
    (tmp_path / "text.safetensors").write_text("this is no tensor file")
    with pytest.raises(BadInput, match="no facet file"):
        load(tmp_path / "text.safetensors")
    save_file({"weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(BadInput, match="format"):
        load(tmp_path / "other.safetensors")


def test_the_log_odds_are_the_probes_formula(facet: Facet, tiny_clip: Clip):
    rgb = torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad(), taps.tap(tiny_clip, dict.fromkeys(facet.probes, "post")) as maps:
        taps.run(tiny_clip, rgb, list(facet.probes))
    pooled, spatial = facet.probes["layer3.1"], facet.probes["layer3.0"]
    expected = torch.stack(
        [
            maps["layer3.1"].double().mean(dim=(2, 3)) @ pooled.weight.double() + pooled.bias,
            torch.einsum("bchw,chw->b", maps["layer3.0"].double(), spatial.weight.double()) + spatial.bias,
        ],
        dim=1,
    )
    torch.testing.assert_close(log_odds(facet, tiny_clip, rgb), expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(score(facet, tiny_clip, rgb), expected.sigmoid().mean(dim=1), rtol=1e-5, atol=1e-6)


def test_a_facet_of_other_weights_is_refused(facet: Facet, tiny_clip: Clip):
    facet.check(tiny_clip)
    stranger = Facet("RN50.other", "f" * 16, facet.probes, (), (), 9, 9)
    with pytest.raises(BadInput, match="RN50.other"):
        stranger.check(tiny_clip)
