"""A tower cut in two gives what the whole one gives, edited or not."""

import pytest
import torch

from app.clip.clip import Clip
from app.clip.edits import ablated, edited
from app.clip.onward import onward, reach
from app.clip.taps import activations
from tests.clip.test_taps import hooks, pictures


@pytest.fixture(params=["tiny_clip", "tiny_transformer"])
def clip(request: pytest.FixtureRequest) -> Clip:
    return request.getfixturevalue(request.param)


def test_the_two_parts_are_the_whole(clip: Clip) -> None:
    whole = clip.encode_image(pictures())
    for layer in clip.layers:
        reached = reach(clip, pictures(), layer)
        torch.testing.assert_close(onward(clip, reached), whole)
        torch.testing.assert_close(reached.units(), activations(clip, pictures(), [layer])[layer].mean((2, 3)))
    assert hooks(clip.module.visual) == 0


def test_an_edited_map_gives_what_an_edited_pass_gives(clip: Clip) -> None:
    edit = ablated([3, 7], torch.tensor([0.5, -1.0]))
    for layer in clip.layers:
        with edited(clip, layer, edit):
            expected = clip.encode_image(pictures())
        torch.testing.assert_close(onward(clip, reach(clip, pictures(), layer).edited(edit)), expected)
