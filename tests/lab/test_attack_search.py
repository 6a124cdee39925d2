"""A search for attacks: what is counted of a name, and that names looked at together are as each by itself."""

import torch

from app.clip.clip import Clip
from app.lab.attack_search import AT_ONCE, Tried, searching, short, tried
from app.lab.classes import Classes, class_texts, zero_shot
from app.lab.overlay import STYLES, cover, overlaid
from tests.pictures import blobs

NAMES = ("boat", "cat", "\U00020000", "hovercraft", "dog", "cat")


def test_what_came_of_a_name_is_counted_over_the_pictures() -> None:
    clean = torch.tensor([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.1, 0.8]])
    attacked = torch.tensor([[0.1, 0.8, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])
    found = tried(1, clean, attacked, 0.25)
    assert (found.place, found.flipped, found.already, found.says, found.cover) == (1, 1, 1, 1, 0.25)
    assert torch.isclose(torch.tensor([found.before, found.after]), torch.tensor([1.1, 1.8]) / 3).all()
    assert tried(2, clean, attacked, 0.0).flipped == 0, "what said it anyway has not gone over to it"


def test_the_shortest_names_that_can_be_drawn_are_tried() -> None:
    assert short(NAMES, 8, 9) == [1, 4, 5, 0]
    assert short(NAMES, 40, 2) == [1, 4]


def test_names_tried_together_are_as_each_by_itself(tiny_clip: Clip) -> None:
    pictures = [tiny_clip.fit(blobs(number)[0]) for number in range(3)]
    texts, style, places = class_texts(tiny_clip, Classes(NAMES)), STYLES["free"], [0, 1, 3, 4, 5] * 2
    assert len(places) * len(pictures) > AT_ONCE
    clean, *rows = searching(tiny_clip, pictures, NAMES, texts, style, places)
    assert isinstance(clean, torch.Tensor)
    torch.testing.assert_close(clean, zero_shot(tiny_clip, tiny_clip.tensors(pictures), texts))
    assert [row.place for row in rows if isinstance(row, Tried)] == places
    for place, row in zip(places, rows, strict=True):
        written = [overlaid(each, NAMES[place], style) for each in pictures]
        alone = tried(place, clean, zero_shot(tiny_clip, tiny_clip.tensors(written), texts), cover(pictures, written))
        assert isinstance(row, Tried) and (row.flipped, row.already, row.says) == (
            alone.flipped,
            alone.already,
            alone.says,
        )
        assert abs(row.after - alone.after) < 1e-4 and row.cover == alone.cover
