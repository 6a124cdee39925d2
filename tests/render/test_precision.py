"""Which models' passes run in bfloat16, and what it does to the gradient."""

import copy
import json
from pathlib import Path

import open_clip
import pytest
import torch
from open_clip.modified_resnet import ModifiedResNet
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import cosine_similarity, interpolate

from app.clip import registry, taps
from app.clip.clip import Clip
from app.render.faceted import Faceted
from app.render.objective import Objective, Unit, read
from app.render.passes import Pass
from app.render.precision import Tower, folded, lean, pays, tower
from app.render.transform import Affine
from tests.render.conftest import in_double
from tests.tiny import CONFIG, enliven

SIDE = 160
FIRST, LOWER, LAST = "layer1.0", "layer3.0", "layer4.0"


@pytest.fixture(scope="module")
def large_clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """The tiny ResNet with an input of 160 px."""
    folder = tmp_path_factory.mktemp("models") / "large"
    folder.mkdir()
    config = copy.deepcopy(CONFIG)
    config["model_cfg"]["vision_cfg"]["image_size"] = SIDE
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = open_clip.CLIP(**config["model_cfg"])
        assert isinstance(module.visual, ModifiedResNet)
        enliven(module.visual, pictures=16)
    save_file({name: each.contiguous() for name, each in module.state_dict().items()}, folder / "model.safetensors")
    return registry.load(registry.entry(f"large@{folder}"), Path(folder), "cpu", offline=True)


@pytest.fixture(scope="module")
def rgb() -> Tensor:
    """A smooth picture, [1, 3, 160, 160]."""
    small = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(3))
    return interpolate(small, size=(SIDE, SIDE), mode="bilinear")


def found(tower: Tower, seen: Tensor, objective: Objective) -> tuple[Tensor, Tensor]:
    """The objective and its gradient in a view."""
    seen = seen.detach().requires_grad_()
    with tower.cast(), read(tower.clip, seen, seen, objective) as reading:
        value = objective.value(reading)
    return value.detach(), torch.autograd.grad(value.sum(), seen)[0]


def alike(a: Tensor, b: Tensor) -> float:
    return float(cosine_similarity(a.flatten(), b.flatten(), dim=0))


def test_a_small_model_and_one_in_double_stay_as_they_are(tiny_clip: Clip, double_clip: Clip, large_clip: Clip) -> None:
    for clip, dtype in (
        (tiny_clip, torch.float32),
        (double_clip, torch.float64),
        (in_double(large_clip), torch.float64),
    ):
        assert tower(clip) == Tower(clip, dtype)


def test_bfloat16_must_be_clearly_faster() -> None:
    assert pays(1.31, 1.0)
    assert not pays(1.29, 1.0) and not pays(1.0, 1.0) and not pays(0.5, 1.0)


def test_a_large_model_is_measured_once_and_a_pass_says_what_was_chosen(large_clip: Clip, rgb: Tensor) -> None:
    chosen = tower(large_clip)
    assert chosen.dtype in (torch.float32, torch.bfloat16)
    assert tower(large_clip).clip is chosen.clip
    asked = Pass(large_clip, Unit(LAST, 3), Unit(LAST, 3), rgb, rgb)
    assert asked.precision is chosen.dtype
    slope = asked.run()
    assert slope.seen.dtype is torch.float32 and slope.seen.isfinite().all() and slope.seen.any()


def test_folding_the_batch_norms_changes_nothing(large_clip: Clip, rgb: Tensor) -> None:
    double = in_double(large_clip)
    assert isinstance(double.module.visual, ModifiedResNet)
    expected = taps.activations(double, rgb.double(), [LAST])[LAST]
    double.module.visual = folded(double.module.visual)
    assert not [each for each in double.module.visual.modules() if isinstance(each, torch.nn.BatchNorm2d)]
    torch.testing.assert_close(taps.activations(double, rgb.double(), [LAST])[LAST], expected, rtol=1e-9, atol=1e-9)


def test_the_copy_in_bfloat16_leaves_the_model_alone(large_clip: Clip) -> None:
    before = {name: tensor.clone() for name, tensor in large_clip.module.state_dict().items()}
    copied = lean(large_clip).clip.module.visual
    assert {each.dtype for each in copied.parameters()} == {torch.bfloat16}
    assert all(torch.equal(tensor, before[name]) for name, tensor in large_clip.module.state_dict().items())


@pytest.mark.parametrize(("layer", "least"), [(FIRST, 0.98), (LOWER, 0.93), (LAST, 0.88)])
def test_in_bfloat16_the_objective_and_its_gradient_stay_near(
    large_clip: Clip, rgb: Tensor, layer: str, least: float
) -> None:
    plain, short = Tower(large_clip, torch.float32), lean(large_clip)
    for unit in (3, 5):
        value, slope = found(plain, rgb, Unit(layer, unit))
        near, near_slope = found(short, rgb, Unit(layer, unit))
        assert near.dtype is torch.float32 and near_slope.dtype is torch.float32
        torch.testing.assert_close(near, value, rtol=0.05, atol=0.02)
        assert alike(near_slope, slope) > least


def test_bfloat16_moves_the_gradient_far_less_than_a_random_view_does(large_clip: Clip, rgb: Tensor) -> None:
    def in_picture(tower: Tower, step: int) -> Tensor:
        picture = rgb.detach().requires_grad_()
        seen = Affine()(picture, [(0, 0)], step, SIDE)
        return torch.autograd.grad(seen, picture, found(tower, seen, Unit(LAST, 3))[1])[0]

    plain, short = Tower(large_clip, torch.float32), lean(large_clip)
    one, other, rounded = in_picture(plain, 1), in_picture(plain, 2), in_picture(short, 1)
    assert 1 - alike(one, rounded) < 0.2 * (1 - alike(one, other))


@pytest.mark.parametrize("form", ["released", "paper", "second-order"])
def test_slopes_and_roots_are_float32(large_clip: Clip, rgb: Tensor, form: str) -> None:
    weights = torch.randn(1, large_clip.layers[LOWER].channels, 1, 1, generator=torch.Generator().manual_seed(1))
    objective = Faceted(Unit(LAST, 3), {LOWER: weights}, form, across=True)  # pyright: ignore[reportArgumentType]
    short = lean(large_clip)
    seen = rgb.detach().requires_grad_()
    with short.cast(), read(short.clip, seen, seen, objective) as reading:
        assert {each.dtype for each in reading.maps.values()} == {torch.float32}
        roots = objective.roots(reading)
    assert {each.dtype for root in roots for each in root} == {torch.float32}
    torch.autograd.backward([tensor for tensor, _ in roots], [vector for _, vector in roots])
    assert seen.grad is not None and seen.grad.isfinite().all() and seen.grad.any()


def test_a_transformer_in_bfloat16_keeps_its_weights(double_transformer: Clip) -> None:
    plain = copy.deepcopy(double_transformer.module).float()
    mean, std = double_transformer.mean.float(), double_transformer.std.float()
    clip = Clip(**{**vars(double_transformer), "module": plain, "mean": mean, "std": std})
    view = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(3))
    value, slope = found(Tower(clip, torch.float32), view, Unit("blocks.3", 3))
    near, near_slope = found(lean(clip), view, Unit("blocks.3", 3))
    assert lean(clip).clip.module.visual is clip.module.visual
    assert near.dtype is torch.float32
    torch.testing.assert_close(near, value, rtol=0.05, atol=0.02)
    assert alike(near_slope, slope) > 0.99
