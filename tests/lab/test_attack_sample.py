import numpy as np
import pytest

from app.errors import BadInput, NotReady
from app.lab.attack_counts import Pair
from app.lab.attack_sample import drawn, numbered, sample, typed

NAMES = ("waste container", "iPod", "Siamese cat")


def test_rows_are_classes_with_texts() -> None:
    assert typed(["Waste  Container: trash", "iPod", "siamese cat:meow: meow", "ipod", "ipod: iPod"], NAMES) == (
        Pair("waste container", "trash"),
        Pair("iPod", "iPod"),
        Pair("Siamese cat", "meow: meow"),
        Pair("iPod", "ipod"),
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("iPod\nbin: trash", "line 2 aims at 'bin', which is none of the 3 classes"),
        ("iPod:", "line 1 has no text"),
        ("iPod: " + "x" * 41, "in line 1, text: 41 characters"),
        ("iPod: \u6f22\u5b57\U00020000", "in line 1, text:"),
    ],
)
def test_rows_say_which_line_is_wrong(lines: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as refused:
        typed(lines.splitlines(), NAMES)
    assert refused.value.field == "rows"


def test_pairs_are_drawn_by_the_seed_and_can_all_be_written() -> None:
    names = [*(f"class {n}" for n in range(50)), "x" * 60, "\U00020000"]
    one, other = drawn(names, 20, 0), drawn(names, 20, 1)
    assert one == drawn(names, 20, 0) != other and len(set(one)) == 20
    assert {pair.text for pair in drawn(names, 100, 0)} == set(names[:50])


def test_of_names_that_are_alike_the_first_counts() -> None:
    names = ("missile", "iPod", "missile", "ipod")
    assert sorted(pair.text for pair in drawn(names, 4, 0)) == ["iPod", "missile"]
    assert typed(["IPOD"], names) == (Pair("iPod", "IPOD"),)
    assert numbered(["Missile", "ipod"], names).tolist() == [0, 1]


def test_attacked_pictures_have_a_label_and_no_writing_and_train_no_probe() -> None:
    labels, written = np.array([-1, *[0, 1] * 20]), np.array([*[-1, 5] * 20, -1])
    found = sample(labels, written, 500, 0)
    able = {n for n in range(41) if labels[n] >= 0 and written[n] < 0}
    assert len(found.attacked) == len(able) // 2
    assert {*found.attacked, *found.training} == able and not {*found.attacked} & {*found.training}
    few = sample(labels, None, 6, 0)
    assert len(few.attacked) == 6 and len(few.training) == 34
    assert not np.array_equal(few.attacked, sample(labels, None, 6, 1).attacked)
    with pytest.raises(NotReady, match="Only 5 pictures"):
        sample(labels[:6], None, 4, 0)


def test_values_find_their_class_whatever_their_case() -> None:
    assert numbered(["ipod", "Waste Container", "bin"], NAMES).tolist() == [1, 0, -1]
