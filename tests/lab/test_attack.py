"""Attacks on one picture: what is seen, what moved, and what ablating it changes."""

from pathlib import Path

import numpy as np
import torch

from app.clip.clip import Clip
from app.clip.edits import ablated, edited
from app.clip.onward import reach
from app.clip.taps import activations
from app.clip.text import unit_scores
from app.corpus.column_writer import making
from app.corpus.columns import FOLDER, Columns
from app.corpus.index import Index
from app.lab.attack import Sight, moved, see
from app.lab.classes import Classes, class_texts, zero_shot
from app.lab.linear import LinearProbe
from app.lab.probe_file import FittedProbe, fitted, split
from tests.clip.test_taps import pictures

NAMES = ("cat", "dog", "boat")


def looked(clip: Clip, layer: str) -> Sight:
    return see(clip, reach(clip, pictures(), layer), class_texts(clip, Classes(NAMES)))


def test_a_sight_is_what_the_model_says_and_what_the_units_do(tiny_clip: Clip) -> None:
    rgb, texts = pictures(), class_texts(tiny_clip, Classes(NAMES))
    probe = LinearProbe(NAMES, torch.randn(3, 128, generator=torch.Generator().manual_seed(0)), torch.zeros(3))
    sight = see(tiny_clip, reach(tiny_clip, rgb, "layer3.1"), texts, probe)
    map_ = activations(tiny_clip, rgb, ["layer3.1"])["layer3.1"]
    torch.testing.assert_close(sight.zero_shot, zero_shot(tiny_clip, rgb, texts))
    torch.testing.assert_close(sight.activations, map_.mean((2, 3)))
    torch.testing.assert_close(sight.rectified, map_.relu().mean((2, 3)))
    assert sight.probe is not None
    torch.testing.assert_close(sight.probe, (map_.mean((2, 3)) @ probe.weight.T).softmax(-1))


def test_ablated_units_are_held_for_the_model_and_for_the_probe(tiny_clip: Clip) -> None:
    layer, rgb, texts = tiny_clip.default_layer, pictures(), class_texts(tiny_clip, Classes(NAMES))
    held_at = torch.tensor([0.5, -1.0])
    sight = see(tiny_clip, reach(tiny_clip, rgb, layer).edited(ablated([3, 9], held_at)), texts)
    torch.testing.assert_close(sight.activations[:, [3, 9]], held_at.expand(len(rgb), 2))
    with edited(tiny_clip, layer, ablated([3, 9], held_at)):
        torch.testing.assert_close(sight.zero_shot, zero_shot(tiny_clip, rgb, texts))
    assert not torch.allclose(sight.zero_shot, looked(tiny_clip, layer).zero_shot)


def test_what_moved_is_in_sd_and_in_parts_of_the_logit(tiny_clip: Clip) -> None:
    layer = tiny_clip.default_layer
    sight, std = looked(tiny_clip, layer), torch.linspace(0, 2, 256)
    text = class_texts(tiny_clip, Classes(NAMES))[0]
    found = moved(tiny_clip, layer, sight, text, std)
    assert found.sd is not None and found.logit is not None
    rise = sight.activations[1] - sight.activations[0]
    torch.testing.assert_close((found.sd * std)[1:], rise[1:])
    assert found.sd[0] == 0  # a unit that never varies
    cosine_part = (sight.rectified[1] - sight.rectified[0]) * unit_scores(tiny_clip, ["a photo of a cat"])[0]
    expected = tiny_clip.module.logit_scale.exp() * cosine_part / sight.embeddings[1].norm()
    torch.testing.assert_close(found.logit, expected)
    assert found.order("sd")[0] == int(found.sd.argmax())
    assert found.order("logit")[0] == int(found.logit.argmax())


def test_no_text_asks_for_the_units_of_another_layer(tiny_clip: Clip) -> None:
    found = moved(tiny_clip, "layer3.1", looked(tiny_clip, "layer3.1"), class_texts(tiny_clip, Classes(NAMES))[0])
    assert found.logit is None and found.sd is None
    assert found.order("logit") == found.order("sd") == found.rise.argsort(descending=True).tolist()


def test_a_probe_is_fitted_once_and_tried_on_pictures_held_out(planted: tuple[Clip, Index], tmp_path: Path) -> None:
    clip, index = planted
    layer, path = clip.default_layer, tmp_path / "probe.safetensors"
    list(making(clip, index))
    columns = Columns.open(index.folder / FOLDER, index)
    *passes, found = fitted(path, columns, layer, "concept")
    assert passes and isinstance(found, FittedProbe)
    training, held_out = split(columns, "concept")
    assert (found.images, found.held_out) == (len(training), len(held_out)) == (115, 29)
    assert not set(training) & set(held_out)
    values = np.stack([columns.unit(layer, unit)[held_out] for unit in range(256)], axis=1)
    right = (
        found.probe.probabilities(torch.from_numpy(values)).argmax(1).numpy()
        == columns.categories.numbers("concept")[held_out]
    )
    assert found.accuracy == right.mean()
    (again,) = fitted(path, columns, layer, "concept")
    assert isinstance(again, FittedProbe)
    assert again.accuracy == found.accuracy and again.probe.names == found.probe.names
    assert torch.equal(again.probe.weight, found.probe.weight)
