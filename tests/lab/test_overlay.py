"""Writing on pictures: the paper's attack to the pixel, labels and free writing where they are put, at any size."""

import numpy as np
import pytest
from PIL import Image

from app.errors import BadInput
from app.lab.overlay import LONGEST, STYLES, Style, cover, overlaid, scrambled

GREY = Image.new("RGB", (288, 288), (120, 130, 140))
PUBLISHED = [(21, 24), (71, 49), (21, 74), (71, 99), (121, 124), (171, 149), (121, 174), (171, 199)]
"""Where the ink of the paper's before/after pair begins."""


def changed(after: Image.Image, before: Image.Image = GREY) -> np.ndarray:
    return (np.asarray(after) != np.asarray(before)).any(-1)


def box(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is set, all inside."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])


def test_the_papers_eight_copies_have_its_ink_boxes() -> None:
    mask = changed(overlaid(GREY, "pizza", STYLES["paper"]))
    left = mask.copy()
    for x, y in PUBLISHED:  # a copy is 53 x 23 px, and the next line begins 25 px lower
        window = np.zeros_like(mask)
        window[y - 2 : y + 25, x - 2 : x + 55] = mask[y - 2 : y + 25, x - 2 : x + 55]
        assert box(window) == (x, y, x + 52, y + 22)
        left &= ~window
    assert not left.any()


def test_the_papers_share_of_changed_pixels() -> None:
    share = cover([GREY], [overlaid(GREY, "pizza", STYLES["paper"])])
    assert share == pytest.approx(0.08002989969135803, abs=5e-5)  # one_example_attack.json: of one picture
    published = {"iPod": 6.80, "rifle": 6.41, "radio": 7.73, "library": 9.95, "shark": 8.33, "meow": 8.44, "$$$": 6.99}
    for text, percent in published.items():
        assert 100 * cover([GREY], [overlaid(GREY, text, STYLES["paper"])]) == pytest.approx(percent, abs=0.25), text


@pytest.mark.parametrize("side", [64, 224, 448])
def test_a_style_is_one_attack_at_any_size(side: int) -> None:
    for style in STYLES.values():
        small = GREY.resize((side, side))
        ends = np.array(box(changed(overlaid(small, "pizza", style), small))) / side
        assert ends == pytest.approx(
            np.array(box(changed(overlaid(GREY, "pizza", style)))) / 288, abs=1.5 / min(side, 288)
        )


@pytest.mark.parametrize("name", ["label", "free"])
def test_writing_lies_where_it_is_put(name: str) -> None:
    style = Style(name, x=0.3, y=0.6, width=0.5)  # pyright: ignore[reportArgumentType]
    left, top, right, bottom = box(changed(overlaid(GREY, "melon", style)))
    assert (left + right) / 2 / 288 == pytest.approx(0.3, abs=0.02)
    assert (top + bottom) / 2 / 288 == pytest.approx(0.6, abs=0.02)
    assert (right - left) / 288 == pytest.approx(0.5, abs=0.02)
    over = overlaid(GREY, "melon", Style(name, x=0.0, y=0.0, width=0.5))  # pyright: ignore[reportArgumentType]
    assert box(changed(over))[:2] == (0, 0)


def test_a_label_without_writing_is_the_same_slip() -> None:
    blank, written = overlaid(GREY, "", STYLES["label"]), overlaid(GREY, "melon", STYLES["label"])
    assert np.array_equal(changed(blank), changed(written))
    assert 0.02 < changed(written, blank).mean() < 0.2
    assert not changed(overlaid(GREY, "", STYLES["paper"])).any()


def test_ink_and_outline_are_chosen() -> None:
    red = np.asarray(overlaid(GREY, "melon", Style("free", ink="red", outlined=False))).reshape(-1, 3)
    assert (200, 30, 30) in set(map(tuple, red.tolist()))
    assert (255, 255, 255) not in set(map(tuple, red.tolist()))


def test_a_text_that_cannot_be_written_is_refused() -> None:
    for text in ("漢字", "a" * (LONGEST + 1)):
        with pytest.raises(BadInput) as refused:
            overlaid(GREY, text, STYLES["label"])
        assert refused.value.field == "text"
    assert (
        cover([GREY], [overlaid(GREY, "пицца", STYLES["label"])]) > 0.1
    )  # not in the handwriting, but in another face


def test_scrambled_letters_are_the_same_letters() -> None:
    assert scrambled("pizza", 1) == scrambled("pizza", 1) != "pizza"
    assert sorted(scrambled("pizza", 1)) == sorted("pizza")
    assert scrambled("$$$") == "$$$"
