import dataclasses
import time
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from PIL import Image

from app.clip.clip import Clip
from app.errors import BadInput, NotFound
from app.facets.facet import Facet, Probe, ProbeReport
from app.render.ascend import Ascent, Frame
from app.render.objective import Unit, read
from app.render.param import frequencies, to_planes
from app.render.presets import Recipe, recipe
from app.render.run import measure, render, strengths
from app.spec import RenderSpec

LAST = "layer4.0"


def spec(clip: Clip, **changes: object) -> RenderSpec:
    values = {"model": clip.slug, "layer": LAST, "unit": 5, "size": 48, "steps": 12, "seed": 3}
    return RenderSpec.model_validate(values | changes)


@pytest.fixture(scope="module")
def facet(tiny_clip: Clip) -> Facet:
    """Random probes at two layers."""
    draw = torch.Generator().manual_seed(1)
    probes = {}
    for name in ("layer3.1", "layer3.0"):
        probes[name] = Probe(name, 0.02 * torch.randn(tiny_clip.layers[name].channels, generator=draw), 0.0)
    reports = tuple(ProbeReport(name, 0.9, 0.8, 1.0, 0.9, spatial=False) for name in probes)
    return Facet(tiny_clip.slug, tiny_clip.weights_hash, probes, reports, (), 9, 9)


def last(frames: Iterator[Frame]) -> Frame:
    *_, final = frames
    return final


def picture(frames: Iterator[Frame]) -> np.ndarray:
    image = last(frames).image
    assert image is not None
    return image[-1]


def hooks(clip: Clip) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in clip.module.modules())


def test_there_is_one_frame_a_step_and_pictures_where_they_are_due(tiny_clip: Clip):
    frames = list(render(tiny_clip, spec(tiny_clip, steps=19)))
    assert [frame.step for frame in frames] == list(range(1, 20))
    assert [frame.step for frame in frames if frame.image is not None] == [1, 8, 16, 19]
    final = frames[-1].image
    assert final is not None and final.shape == (1, 48, 48, 3) and final.dtype == np.uint8


def test_the_same_spec_gives_the_same_picture_and_another_seed_another(tiny_clip: Clip, facet: Facet):
    steered = spec(tiny_clip, facet="a")
    first, again = (picture(render(tiny_clip, steered, [facet])) for _ in range(2))
    other = picture(render(tiny_clip, spec(tiny_clip, facet="a", seed=4), [facet]))
    assert (first == again).all()
    assert (first != other).any()


def test_a_render_raises_its_units_activation(tiny_clip: Clip):
    wanted = spec(tiny_clip, steps=40)
    frames = list(render(tiny_clip, wanted))
    start, end = frames[0].image, frames[-1].image
    assert start is not None and end is not None
    before, after = (measure(tiny_clip, wanted, [], image[0]).activation for image in (start, end))
    assert after > before + 0.1
    assert frames[-1].activation[0] > frames[0].activation[0]


def test_the_opposite_of_a_unit_silences_it(tiny_clip: Clip):
    wanted = spec(tiny_clip, steps=40, aim="least")
    start, *_, end = (frame.image for frame in render(tiny_clip, wanted) if frame.image is not None)
    before, after = (measure(tiny_clip, wanted, [], image[0]).activation for image in (start, end))
    assert after < before - 0.1


def test_at_the_centre_only_the_middle_of_the_map_counts(double_clip: Clip):
    rgb = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    centre = Unit(LAST, 5, centre=True)
    with read(double_clip, rgb, rgb, centre) as reading:
        response = reading.maps[LAST, "pre"][:, 5]
        middle = [side // 2 for side in response.shape[1:]]
        torch.testing.assert_close(centre.value(reading), response[:, middle[0], middle[1]])
    assert "at the centre" in str(centre)


def test_a_facet_raises_its_own_score(tiny_clip: Clip, facet: Facet):
    steered = spec(tiny_clip, facet="a", strength=2.0, steps=40, form="paper")
    plain = measure(tiny_clip, steered, [facet], picture(render(tiny_clip, spec(tiny_clip, steps=40))))
    drawn = measure(tiny_clip, steered, [facet], picture(render(tiny_clip, steered, [facet])))
    assert plain.facet_score is not None and drawn.facet_score is not None
    assert drawn.facet_score > plain.facet_score


def test_weights_without_a_report_steer_and_give_no_score(tiny_clip: Clip, facet: Facet):
    published = dataclasses.replace(facet, reports=())
    steered = spec(tiny_clip, facet="a")
    assert (
        measure(tiny_clip, steered, [published], picture(render(tiny_clip, steered, [published]))).facet_score is None
    )


def test_a_render_that_fails_shows_in_its_measure(tiny_clip: Clip):
    wanted = spec(tiny_clip, steps=40)
    good = measure(tiny_clip, wanted, [], picture(render(tiny_clip, wanted)))
    failed = measure(tiny_clip, wanted, [], Image.new("RGB", (48, 48), (127, 127, 127)))
    assert failed.activation < good.activation - 0.1
    assert failed.facet_score is None


def test_a_picture_of_a_ramp_is_the_render_at_that_strength_alone(double_clip: Clip, facet: Facet):
    """In float64: a network of ReLUs turns the last bits of float32, which change with the batch, into other paths."""
    ramp = spec(double_clip, facet="a", strength=1.0, ramp=3, steps=64)
    together = last(render(double_clip, ramp, [facet])).image
    assert together is not None and together.shape[0] == 3
    for drawn, strength in zip(together, strengths(ramp), strict=True):
        alone = picture(render(double_clip, spec(double_clip, facet="a", strength=strength, steps=64), [facet]))
        assert np.abs(drawn.astype(int) - alone).max() <= 1
    assert np.abs(together[0].astype(int) - together[2]).max() > 10


def test_companions_do_not_show_in_a_picture(tiny_clip: Clip):
    unit = Unit(LAST, 5)

    def drawn(*companions: tuple[int, int]) -> np.ndarray:
        slots = [(3, 0), *companions]
        image = last(Ascent(tiny_clip, unit, unit, slots=slots, size=48, steps=64, recipe=Recipe()).frames()).image
        assert image is not None
        return image[0]

    assert np.abs(drawn((4, 0)).astype(int) - drawn((9, 7), (3, 1), (0, 0))).max() <= 1


def test_with_the_magnitudes_of_a_corpus_a_render_raises_its_unit_and_keeps_them(tiny_clip: Clip):
    unit, amplitude = Unit(LAST, 5), 0.3 / (48 * frequencies(48)).clamp_min(1).expand(3, -1, -1)
    ascent = Ascent(tiny_clip, unit, unit, slots=[(3, 0)], size=48, steps=40, recipe=recipe("maco"), spectrum=amplitude)
    start, *_, end = (frame.image for frame in ascent.frames() if frame.image is not None)
    assert start is not None and end is not None
    wanted = spec(tiny_clip, preset="maco")
    before, after = (measure(tiny_clip, wanted, [], image[0]).activation for image in (start, end))
    assert after > before + 0.1
    for image in (start, end):
        planes = to_planes(torch.from_numpy(image).permute(0, 3, 1, 2).double() / 255)
        found = torch.fft.rfft2(planes, norm="forward").abs()[0]
        coarse = (found[:, 1:9, 1:9] - amplitude[:, 1:9, 1:9]).abs()
        assert (coarse < 0.1 * amplitude[:, 1:9, 1:9] + 0.005).all()  # bytes round, and EDGE cuts the brightest


def accentuated(clip: Clip, how: Recipe, source: torch.Tensor) -> np.ndarray:
    """The pictures [B, 48, 48, 3] of an ascent from sources [1 or 2, 3, 48, 48]."""
    unit = Unit(LAST, 5)
    slots = [(3, 0), (3, 1)]
    image = last(Ascent(clip, unit, unit, slots=slots, size=48, steps=40, recipe=how, start=source).frames()).image
    assert image is not None
    return image


def test_an_accentuated_picture_raises_its_unit_and_stays_near_its_source(tiny_clip: Clip):
    source = torch.nn.functional.interpolate(
        torch.rand(2, 3, 6, 6, generator=torch.Generator().manual_seed(0)), size=(48, 48), mode="bicubic"
    ).clamp(0, 1)
    bytes_of_it = (source * 255).round().byte().permute(0, 2, 3, 1).numpy()
    wanted = spec(tiny_clip, preset="accentuate", picture="x")

    def activation(image: np.ndarray) -> float:
        return measure(tiny_clip, wanted, [], image).activation

    near = accentuated(tiny_clip, recipe("accentuate"), source)
    far = accentuated(tiny_clip, dataclasses.replace(recipe("accentuate"), near=0.0), source)
    for before, close, free in zip(bytes_of_it, near, far, strict=True):
        assert activation(close) > activation(before) + 0.1
        moved, loose = (np.abs(image.astype(int) - before).mean() for image in (close, free))
        assert moved < 0.7 * loose and moved < 40


def test_one_source_serves_every_slot(tiny_clip: Clip):
    source = torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(1))
    still = dataclasses.replace(recipe("accentuate"), lr=0.0)
    image = accentuated(tiny_clip, still, source)
    assert (image[0] == image[1]).all()
    assert np.abs(image[0] / 255 - source[0].clamp(0.02, 0.98).permute(1, 2, 0).numpy()).max() < 1 / 255


def test_a_recipe_that_starts_from_a_picture_is_refused_without_one(tiny_clip: Clip):
    with pytest.raises(BadInput, match="starts from a picture") as refused:
        render(tiny_clip, spec(tiny_clip, preset="accentuate", picture="x"))
    assert refused.value.field == "picture"


def test_without_a_corpus_a_recipe_that_needs_its_spectrum_is_refused(tiny_clip: Clip):
    with pytest.raises(BadInput, match="has no corpus") as refused:
        render(tiny_clip, spec(tiny_clip, preset="maco"))
    assert refused.value.field == "preset"


def test_a_step_is_taken_only_when_asked_for(tiny_clip: Clip):
    began = time.perf_counter()
    frames = render(tiny_clip, spec(tiny_clip, steps=4096))
    assert next(frames).step == 1
    del frames
    assert time.perf_counter() - began < 2
    assert hooks(tiny_clip) == 0


def test_thirty_renders_leave_no_hooks_and_no_gradients(tiny_clip: Clip, facet: Facet):
    for seed in range(30):
        last(render(tiny_clip, spec(tiny_clip, facet="a", steps=2, seed=seed), [facet]))
    assert hooks(tiny_clip) == 0
    assert all(parameter.grad is None for parameter in tiny_clip.module.parameters())


def test_what_cannot_be_rendered_is_refused_before_the_first_step(tiny_clip: Clip, facet: Facet):
    with pytest.raises(NotFound, match="layer9"):
        render(tiny_clip, spec(tiny_clip, layer="layer9"))
    with pytest.raises(NotFound, match="0 to 255"):
        render(tiny_clip, spec(tiny_clip, unit=256))
    with pytest.raises(BadInput, match="later layer"):
        render(tiny_clip, spec(tiny_clip, facet="a", layer="layer3.0"), [facet])
    with pytest.raises(BadInput, match="go together"):
        render(tiny_clip, spec(tiny_clip, facet="a"))
    foreign = Facet("other", "0" * 16, facet.probes, (), (), 9, 9)
    with pytest.raises(BadInput, match="other weights"):
        render(tiny_clip, spec(tiny_clip, facet="a"), [foreign])


def test_a_facet_steers_a_lower_layer_with_the_probes_below_it(tiny_clip: Clip, facet: Facet):
    assert picture(render(tiny_clip, spec(tiny_clip, facet="a", layer="layer3.1"), [facet])).shape == (48, 48, 3)
