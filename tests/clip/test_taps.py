"""Taps see what the block returned, change nothing, let gradients through and leave nothing behind."""

import copy

import pytest
import torch
from open_clip.modified_resnet import Bottleneck
from torch import Tensor, nn

from app.clip.clip import Clip
from app.clip.taps import Stage, activations, run, tap
from app.errors import BadInput, NotFound

LAYERS = ("layer1.0", "layer2.0", "layer3.0", "layer3.1", "layer4.0")


def pictures(n: int = 2, side: int = 64, seed: int = 0) -> Tensor:
    return torch.rand(n, 3, side, side, generator=torch.Generator().manual_seed(seed))


def hooks(module: nn.Module) -> int:
    return sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in module.modules())


def read_all(clip: Clip, rgb: Tensor, stage: Stage) -> dict[str, Tensor]:
    stages: dict[str, Stage] = dict.fromkeys(clip.layers, stage)
    with tap(clip, stages) as read:
        run(clip, rgb, list(clip.layers))
    return read


@pytest.mark.parametrize("stage", ["pre", "post"])
def test_a_tap_sees_what_the_block_returned(tiny_clip: Clip, stage: Stage) -> None:
    returned = {}
    rgb = pictures()

    def keep(name: str):
        return lambda _module, _inputs, output: returned.update({name: output.clone()})

    visual = tiny_clip.module.visual
    handles = [visual.get_submodule(name).register_forward_hook(keep(name)) for name in LAYERS]
    read = read_all(tiny_clip, rgb, stage)
    for handle in handles:
        handle.remove()
    for name in LAYERS:
        assert torch.equal(read[name].relu() if stage == "pre" else read[name], returned[name])


def test_before_the_relu_is_the_written_out_residual_sum(tiny_clip: Clip) -> None:
    block = tiny_clip.module.visual.get_submodule("layer3.1")
    read = activations(tiny_clip, pictures(), ["layer3.1"])["layer3.1"]
    assert isinstance(block, Bottleneck)
    x = read_all(tiny_clip, pictures(), "post")["layer3.0"]
    y = block.bn1(block.conv1(x)).relu()
    y = block.bn2(block.conv2(y)).relu()
    expected = block.bn3(block.conv3(y)) + x
    torch.testing.assert_close(read, expected)
    assert (read < 0).any(), "negative values matter and are kept"


def test_after_the_relu_is_the_relu_of_before(tiny_clip: Clip) -> None:
    before, after = (read_all(tiny_clip, pictures(), stage) for stage in ("pre", "post"))
    for name in LAYERS:
        assert torch.equal(before[name].relu(), after[name])


def test_stage_ends_equal_forward_intermediates(tiny_clip: Clip) -> None:
    rgb = pictures()
    intermediates = tiny_clip.module.visual.forward_intermediates(tiny_clip.normalize(rgb), intermediates_only=True)
    read = read_all(tiny_clip, rgb, "post")
    for name, expected in zip(
        ("layer1.0", "layer2.0", "layer3.1", "layer4.0"), intermediates["image_intermediates"][1:], strict=True
    ):
        assert torch.equal(read[name], expected)


def test_transformer_maps_equal_forward_intermediates(tiny_transformer: Clip) -> None:
    rgb = pictures()
    visual = tiny_transformer.module.visual
    expected = visual.forward_intermediates(tiny_transformer.normalize(rgb), intermediates_only=True)
    read = read_all(tiny_transformer, rgb, "pre")
    for name, grid in zip(tiny_transformer.layers, expected["image_intermediates"], strict=True):
        assert grid.shape[1:] == (64, 4, 4)
        assert torch.equal(read[name], grid)


@pytest.mark.parametrize("model", ["tiny_clip", "tiny_transformer"])
@pytest.mark.parametrize("stage", ["pre", "post"])
def test_tapping_does_not_change_the_answer(model: str, stage: Stage, request: pytest.FixtureRequest) -> None:
    clip: Clip = request.getfixturevalue(model)
    plain = clip.encode_image(pictures())
    stages: dict[str, Stage] = dict.fromkeys(clip.layers, stage)
    with tap(clip, stages):
        assert torch.equal(clip.encode_image(pictures()), plain)
    assert torch.equal(clip.encode_image(pictures()), plain)


@pytest.mark.parametrize("model", ["tiny_clip", "tiny_transformer"])
@pytest.mark.parametrize("stage", ["pre", "post"])
def test_gradients_flow_from_deep_taps_to_shallow_ones_and_to_the_picture(
    model: str, stage: Stage, request: pytest.FixtureRequest
) -> None:
    clip: Clip = request.getfixturevalue(model)
    shallow, deep = list(clip.layers)[1], list(clip.layers)[-1]
    rgb = pictures().requires_grad_()
    with tap(clip, {shallow: stage, deep: "pre"}) as read:
        run(clip, rgb, [shallow, deep])
    at_map, at_picture = torch.autograd.grad(read[deep][:, 3].mean(), [read[shallow], rgb])
    assert at_map.abs().sum() > 0
    assert at_picture.abs().sum() > 0


def test_the_gradient_is_the_finite_difference_in_float64(tiny_clip: Clip) -> None:
    clip = copy.copy(tiny_clip)
    clip.module = copy.deepcopy(tiny_clip.module).double()
    rgb = pictures(1).double().requires_grad_()

    def unit(x: Tensor) -> Tensor:
        with tap(clip, {"layer4.0": "pre"}) as read:
            run(clip, x, ["layer4.0"])
        return read["layer4.0"][0, 5].mean()

    (gradient,) = torch.autograd.grad(unit(rgb), rgb)
    direction = torch.randn(rgb.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    step = 1e-7
    with torch.no_grad():
        difference = (unit(rgb + step * direction) - unit(rgb - step * direction)) / (2 * step)
    assert float((gradient * direction).sum()) == pytest.approx(float(difference), rel=1e-5)


@pytest.mark.parametrize("model", ["tiny_clip", "tiny_transformer"])
def test_no_hook_is_left_after_an_exception(model: str, request: pytest.FixtureRequest) -> None:
    clip: Clip = request.getfixturevalue(model)
    stages: dict[str, Stage] = dict.fromkeys(clip.layers, "pre")
    with pytest.raises(ZeroDivisionError), tap(clip, stages):
        assert hooks(clip.module) == len(clip.layers)
        raise ZeroDivisionError
    assert hooks(clip.module) == 0


def test_no_hook_is_left_when_the_forward_pass_fails_or_a_layer_is_unknown(tiny_clip: Clip) -> None:
    with pytest.raises(RuntimeError), tap(tiny_clip, {"layer1.0": "pre"}):
        run(tiny_clip, torch.rand(1, 5, 64, 64), ["layer1.0"])
    with pytest.raises(NotFound, match="no layer layer9"), tap(tiny_clip, {"layer1.0": "pre", "layer9.0": "pre"}):
        raise AssertionError("an unknown layer must not be tapped")
    assert hooks(tiny_clip.module) == 0


def test_a_run_stops_after_the_deepest_tapped_layer(tiny_clip: Clip) -> None:
    ran = []
    visual = tiny_clip.module.visual
    handles = [
        visual.get_submodule(name).register_forward_hook(lambda *_, name=name: ran.append(name))
        for name in (*LAYERS, "attnpool")
    ]
    with tap(tiny_clip, {"layer3.0": "pre"}):
        run(tiny_clip, pictures(), ["layer1.0", "layer3.0"])
    for handle in handles:
        handle.remove()
    assert ran == ["layer1.0", "layer2.0", "layer3.0"]
    assert hooks(tiny_clip.module) == 0


@pytest.mark.parametrize("side", [32, 48, 97, 160])
def test_a_resnet_takes_any_size(tiny_clip: Clip, side: int) -> None:
    read = activations(tiny_clip, pictures(side=side), ["layer4.0"])["layer4.0"]
    assert read.shape == (2, 256, side // 32, side // 32)
    assert not read.requires_grad


def test_a_size_the_tower_cannot_take_is_refused_with_the_limit(tiny_clip: Clip, tiny_transformer: Clip) -> None:
    with pytest.raises(BadInput, match="at least 32 px"):
        activations(tiny_clip, pictures(side=31), ["layer4.0"])
    with pytest.raises(BadInput, match="64 px only"):
        activations(tiny_transformer, pictures(side=96), ["blocks.2"])
