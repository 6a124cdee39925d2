"""Edits change the layer alone, are consumed by the rest of the network, and leave nothing behind."""

import pytest
import torch
from torch import Tensor

from app.clip.clip import Clip
from app.clip.edits import Edit, ablated, edited
from app.clip.taps import Stage, tap
from app.errors import NotFound
from tests.clip.test_taps import hooks, pictures

MODELS = pytest.mark.parametrize("model", ["tiny_clip", "tiny_transformer"])


@pytest.fixture
def clip(model: str, request: pytest.FixtureRequest) -> Clip:
    return request.getfixturevalue(model)


def raised(unit: int, by: float) -> Edit:
    """One unit higher by so much at every place."""

    def edit(x: Tensor) -> Tensor:
        x = x.clone()
        x[:, unit] += by
        return x

    return edit


def read(clip: Clip, stage: Stage = "pre") -> Tensor:
    """The last layer of two pictures."""
    with tap(clip, {clip.default_layer: stage}) as maps:
        clip.encode_image(pictures())
    return maps[clip.default_layer]


@MODELS
def test_an_edit_that_changes_nothing_changes_nothing(clip: Clip) -> None:
    plain = clip.encode_image(pictures())
    for layer in clip.layers:
        with edited(clip, layer, lambda x: x):
            assert torch.equal(clip.encode_image(pictures()), plain)
        with edited(clip, layer, raised(3, 5)):
            assert not torch.allclose(clip.encode_image(pictures()), plain)
    assert torch.equal(clip.encode_image(pictures()), plain)


@MODELS
def test_a_raised_unit_is_higher_everywhere_and_no_other_is(clip: Clip) -> None:
    expected = read(clip)
    expected[:, 3] += 2.5
    with edited(clip, clip.default_layer, raised(3, 2.5)):
        assert torch.equal(read(clip), expected)


@MODELS
def test_ablated_units_have_their_values_and_no_other_does(clip: Clip) -> None:
    expected = read(clip)
    expected[:, 3], expected[:, 7] = 0.5, -1
    with edited(clip, clip.default_layer, ablated([3, 7], torch.tensor([0.5, -1]))):
        assert torch.equal(read(clip), expected)
    expected[:, [3, 7]] = 0
    with edited(clip, clip.default_layer, ablated([3, 7])):
        assert torch.equal(read(clip), expected)


def test_the_relu_and_the_pooling_get_the_edited_map(tiny_clip: Clip) -> None:
    visual = tiny_clip.module.visual
    x = read(tiny_clip)
    x[:, 5] += 3
    with edited(tiny_clip, "layer4.0", raised(5, 3)):
        assert torch.equal(read(tiny_clip, "post"), x.relu())
        torch.testing.assert_close(tiny_clip.encode_image(pictures()), visual.get_submodule("attnpool")(x.relu()))


def test_a_transformer_reads_out_the_edited_class_token(tiny_transformer: Clip) -> None:
    visual, tokens = tiny_transformer.module.visual, []
    handle = visual.get_submodule("transformer.resblocks.2").register_forward_hook(
        lambda _block, _inputs, output: tokens.append(output)
    )
    with edited(tiny_transformer, "blocks.2", raised(9, 4)):
        embedding = tiny_transformer.encode_image(pictures())
    handle.remove()
    token = tokens[0][:, 0].clone()
    token[:, 9] += 4
    torch.testing.assert_close(embedding, visual.get_submodule("ln_post")(token) @ visual.get_parameter("proj"))


@MODELS
def test_an_edit_may_make_several_pictures_of_one(clip: Clip) -> None:
    by = torch.tensor([0.0, 1.0, 2.0])

    def each(x: Tensor) -> Tensor:
        x = x.repeat(3, 1, 1, 1)
        x[:, 4] += by[:, None, None]
        return x

    one = pictures(1)
    with edited(clip, clip.default_layer, each):
        found = clip.encode_image(one)
    for row, height in enumerate(by.tolist()):
        with edited(clip, clip.default_layer, raised(4, height)):
            torch.testing.assert_close(found[row], clip.encode_image(one)[0])


@MODELS
def test_gradients_go_through_an_edit(clip: Clip) -> None:
    rgb = pictures().requires_grad_()
    with edited(clip, clip.default_layer, raised(2, 1)):
        (gradient,) = torch.autograd.grad(clip.encode_image(rgb).sum(), rgb)
    assert gradient.abs().sum() > 0


@MODELS
def test_no_hook_is_left_however_the_edit_ends(clip: Clip) -> None:
    def fails(_x: Tensor) -> Tensor:
        raise ZeroDivisionError

    for layer in clip.layers:
        with pytest.raises(ZeroDivisionError), edited(clip, layer, fails):
            assert hooks(clip.module) == 1
            clip.encode_image(pictures())
    with pytest.raises(NotFound, match="no layer layer9"), edited(clip, "layer9.0", fails):
        raise AssertionError("an unknown layer must not be edited")
    assert hooks(clip.module) == 0
