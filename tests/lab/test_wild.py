"""Labelled photos: what their names say, which class a name means, what was chosen, and what counts as a flip."""

import numpy as np
import pytest
import torch
from PIL import Image

from app.clip.clip import Clip
from app.corpus.look import measure
from app.lab.classes import Classes, class_texts, zero_shot
from app.lab.linear import LinearProbe
from app.lab.photo_names import Named, meaning, of_file
from app.lab.wild import NO_BLANK, NO_CLASS, OWN_NAME, Choice, Chooser, Photo, Seen, choosing, flips


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("apple-ipod.jpg", ("apple", "ipod")),
        ("2_apple-ipod.jpg", ("apple", "ipod")),
        ("apple-blank.JPG", ("apple", "")),
        ("apple.jpg", ("apple", "")),
        ("C:\\photos\\cash_machine-hot_dog.webp", ("cash machine", "hot dog")),
        ("t-shirt-pizza.png", ("t-shirt", "pizza")),
        ("-pizza.jpg", ("", "pizza")),
    ],
)
def test_the_name_of_a_photo_says_what_it_shows(name: str, expected: tuple[str, str]) -> None:
    assert of_file(name) == expected


CLASSES = ("iPod", "coffee mug", "trash can", "red wine", "wine bottle", "rifle", "assault rifle")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("ipod", 0), ("mug", 1), ("wine", None), ("rifle", 5), ("can", 2), ("po", None), ("", None), ("bin", 2)],
)
def test_a_name_means_the_class_that_has_it(name: str, expected: int | None) -> None:
    assert (
        meaning(name, CLASSES, {"bin": "Trash can"}) == expected == meaning(name.upper(), CLASSES, {"bin": "Trash can"})
    )


def test_a_name_without_a_class_becomes_one() -> None:
    found = Named.of(["mug", "wine", "dog", "Wine"], CLASSES, {"dog": "poodle"})
    assert found.added == ("wine", "poodle") and found.classes == (*CLASSES, "wine", "poodle")
    assert found.meant == {"mug": "coffee mug", "wine": "wine", "Wine": "wine", "dog": "poodle"}


def test_photos_are_chosen_for_by_text_and_by_the_units_probe(tiny_clip: Clip) -> None:
    rng = np.random.default_rng(0)
    pictures = [Image.fromarray(rng.integers(0, 256, (64, 64, 3), np.uint8)) for _ in range(9)]
    texts = class_texts(tiny_clip, Classes(("cat", "dog")))
    weight = torch.randn(3, 256, generator=torch.Generator().manual_seed(0))
    probe = LinearProbe(("a", "b", "c"), weight, torch.zeros(3))
    *told, seen = choosing(tiny_clip, len(pictures), pictures.__getitem__, texts, probe, "layer4.0")
    assert told == [(8, 9), (9, 9)]
    rgb = tiny_clip.prepare(pictures)
    assert isinstance(seen, Seen) and seen.by_probe is not None
    torch.testing.assert_close(seen.by_text, zero_shot(tiny_clip, rgb, texts))
    values, _ = measure(tiny_clip, rgb, ["layer4.0"])["layer4.0"]
    torch.testing.assert_close(seen.by_probe, probe.probabilities(values))


def test_what_is_written_has_its_probability_beside_the_top_classes() -> None:
    chooser = Chooser(("apple", "iPod"), {"ipod": "iPod", "pizza": None})
    photos = [Photo("apple", ""), Photo("apple", "ipod"), Photo("apple", "pizza")]
    found = chooser.choices(photos, torch.tensor([[0.75, 0.25]] * 3))
    assert found == [Choice([("apple", 0.75), ("iPod", 0.25)], written) for written in (None, 0.25, None)]


def test_a_photo_flips_if_its_top_class_is_what_is_written_and_the_blank_ones_was_not() -> None:
    meant = {
        "Apple": "apple",
        "apple": "apple",
        "ipod": "iPod",
        "mug": "cup",
        "cup": "cup",
        "toaster": "iPod",
        "pen": None,
    }
    chooser = Chooser(("apple", "iPod", "cup"), meant)
    seen = [
        (Photo("Apple", ""), "apple", None),
        (Photo("Apple", "ipod"), "iPod", True),
        (Photo("apple", "cup"), "apple", False),
        (Photo("apple", "pen"), "apple", None),  # no class
        (Photo("mug", ""), "iPod", None),
        (Photo("mug", "ipod"), "iPod", False),  # as without the label
        (Photo("mug", "cup"), "cup", None),  # its own name
        (Photo("toaster", "cup"), "cup", None),  # nothing to compare it with
    ]
    found = flips([photo for photo, _, _ in seen], chooser, [Choice([(top, 1.0)], None) for _, top, _ in seen])
    assert found.flipped == [expected for _, _, expected in seen]
    assert (found.count, found.of) == (1, 3)
    assert found.left_out == {NO_CLASS: 1, OWN_NAME: 1, NO_BLANK: 1}
