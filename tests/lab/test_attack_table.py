"""The table's counts against the same counted plainly: one picture after the other, edits by hooks, no halves of a tower."""

from collections.abc import Sequence
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from app.clip.clip import Clip
from app.clip.edits import ablated, edited
from app.clip.taps import activations
from app.lab.attack_counts import Cell, Pair
from app.lab.attack_table import AttackTable, Scale
from app.lab.judges import UNKNOWN, Judges
from app.lab.linear import LinearProbe
from app.lab.overlay import STYLES, overlaid
from app.spec.attack import StyleName

NAMES, LAYER = ("cat", "dog", "boat"), "layer4.0"
TRUTH = np.array([0, 1, 2, UNKNOWN, 2] * 5)[:24]
COUNT = 20


@pytest.fixture(scope="module")
def photos() -> list[Image.Image]:
    rng = np.random.default_rng(0)
    small = [Image.fromarray(rng.integers(0, 255, (6, 6, 3), np.uint8)) for _ in TRUTH]
    return [each.resize((64, 64), Image.Resampling.BICUBIC) for each in small]


@pytest.fixture(scope="module")
def judges(tiny_clip: Clip, photos: list[Image.Image]) -> Judges:
    """Classifiers that a text can change: a cat is what it does to the pictures on average, the others are two pictures."""
    written = tiny_clip.tensors([overlaid(photo, "cat", STYLES["label"]) for photo in photos])
    rgb = tiny_clip.tensors(photos)

    def directions(clean: Tensor, attacked: Tensor) -> Tensor:
        means = torch.cat([attacked.mean(0, keepdim=True), clean[1:3]]) - clean.mean(0)
        return torch.nn.functional.normalize(means, dim=-1)

    texts = directions(tiny_clip.encode_image(rgb), tiny_clip.encode_image(written))
    units, moved = (activations(tiny_clip, each, [LAYER])[LAYER].mean((2, 3)) for each in (rgb, written))
    weight = directions(units, moved)[[1, 0, 2]]
    probe = LinearProbe(("dog", "cat", "bird"), weight, -weight @ units.mean(0))
    return Judges(tiny_clip, LAYER, texts, probe, np.array([1, 0, UNKNOWN]))


@pytest.fixture(scope="module")
def scale() -> Scale:
    generator = torch.Generator().manual_seed(1)
    mean, std = torch.rand(256, generator=generator), torch.rand(256, generator=generator)
    return Scale(mean, std, torch.randn(3, 256, generator=generator))


def table(judges: Judges, photos: Sequence[Image.Image], scale: Scale, by: str = "sd") -> AttackTable:
    made = AttackTable(judges, NAMES, lambda places: [photos[p] for p in places], TRUTH, scale, count=COUNT, by=by)  # pyright: ignore[reportArgumentType]
    assert sum(made.look(["label"])) == len(TRUTH) + len(TRUTH) // 2
    return made


def attacked(made: AttackTable, style: StyleName = "label", text: str = "cat") -> Cell:
    pair = Pair("cat", text)
    *looks, cell = made.attack(pair, style)
    assert isinstance(cell, Cell) and sum(looks) == cell.zero_shot.n + cell.zero_shot.tested  # pyright: ignore[reportArgumentType, reportCallIssue]
    return cell


def tops(judges: Judges, photos: Sequence[Image.Image], units: Sequence[int] = (), to: Tensor | None = None) -> list:
    """For each picture the zero-shot class and the probe's, by whole passes."""
    clip, found = judges.clip, []
    assert judges.probe is not None
    for photo in photos:
        rgb = clip.tensors([photo])
        with edited(clip, LAYER, ablated(units, to)) if to is not None else nullcontext():  # pyright: ignore[reportArgumentType]
            embedding = clip.encode_image(rgb)
        values = activations(clip, rgb, [LAYER])[LAYER].mean((2, 3))
        if to is not None:
            values[:, list(units)] = to
        cosines = torch.nn.functional.normalize(embedding, dim=-1) @ judges.texts.T
        linear = ["dog", "cat", "bird"][int(judges.probe.probabilities(values).argmax())]
        found.append((int(cosines.argmax()), NAMES.index(linear) if linear in NAMES else UNKNOWN))
    return found


@pytest.mark.parametrize("style", ["label", "free"])
def test_an_attack_is_counted_as_one_would_by_hand(
    judges: Judges, photos: list[Image.Image], scale: Scale, style: StyleName
) -> None:
    cell = attacked(table(judges, photos, scale), style)
    units, to = [each.unit for each in cell.units], scale.mean[[each.unit for each in cell.units]]
    clean, write = tops(judges, photos), lambda text: [overlaid(each, text, STYLES[style]) for each in photos]
    plain, held, blank = tops(judges, write("cat")), tops(judges, write("cat"), units, to), tops(judges, write(""))
    aimed = [place for place, truth in enumerate(TRUTH) if truth != 0]
    tested = [place for place in aimed if place % 2]
    for which, counts in enumerate((cell.zero_shot, cell.linear)):
        assert counts is not None

        def success(after: list, among: Sequence[int], which: int = which) -> int:
            return sum(after[p][which] == 0 and clean[p][which] != 0 for p in among)

        right = [p for p in aimed if clean[p][which] == TRUTH[p] != UNKNOWN]
        assert (counts.n, counts.tested, counts.right) == (len(aimed), len(tested), len(right))
        assert counts.already == sum(clean[p][which] == 0 for p in aimed)
        assert counts.success == success(plain, aimed) and counts.right_success == success(plain, right)
        assert counts.plain == success(plain, tested) and counts.ablated == success(held, tested)
        assert counts.blank == (success(blank, tested) if style == "label" else None)
    shown = [(p, clean[p][0], plain[p][0], held[p][0]) for p in tested[:3]]
    assert [(each.place, each.before, each.after, each.ablated) for each in cell.examples] == shown
    if style == "label":  # an attack that never works, and an ablation that changes nothing, would test nothing
        assert cell.zero_shot.plain > cell.zero_shot.ablated
    before, after = photos[1], write("cat")[1]
    assert 0 < cell.cover < 0.5 and np.isclose(
        cell.cover, np.mean([(np.asarray(before) != np.asarray(after)).any(-1)]), atol=0.02
    )


@pytest.mark.parametrize("by", ["sd", "logit"])
def test_the_units_are_those_that_moved_most_on_the_first_half(
    judges: Judges, photos: list[Image.Image], scale: Scale, by: str
) -> None:
    cell = attacked(table(judges, photos, scale, by))
    first = [photo for place, photo in enumerate(photos) if place % 2 == 0 and TRUTH[place] != 0]

    def maps(seen: list[Image.Image]) -> Tensor:
        return activations(judges.clip, judges.clip.tensors(seen), [LAYER])[LAYER]

    written, clean = maps([overlaid(each, "cat", STYLES["label"]) for each in first]), maps(first)
    shift, handed_on = ((each(written) - each(clean)).mean((0, 2, 3)) for each in (torch.clone, torch.relu))
    assert scale.scores is not None
    strength = shift / scale.std if by == "sd" else handed_on * scale.scores[0]
    assert [each.unit for each in cell.units] == strength.topk(COUNT).indices.tolist()
    torch.testing.assert_close(
        torch.tensor([each.sd for each in cell.units]),
        (shift / scale.std)[[each.unit for each in cell.units]],
        atol=1e-4,
        rtol=1e-4,
    )
    others = [photo if place % 2 == 0 else photos[0] for place, photo in enumerate(photos)]
    assert attacked(table(judges, others, scale, by)).units == cell.units, "what is tested on chooses nothing"


def test_what_an_ablation_costs_is_counted_on_the_tested_half(
    judges: Judges, photos: list[Image.Image], scale: Scale
) -> None:
    made = table(judges, photos, scale)
    cell = attacked(made)
    *looks, kept = made.keep([cell])
    assert sum(looks) == sum(TRUTH[1::2] != UNKNOWN)  # pyright: ignore[reportArgumentType, reportCallIssue]
    assert isinstance(kept, list)
    units = [each.unit for each in cell.units]
    before, after = tops(judges, photos), tops(judges, photos, units, scale.mean[units])
    known = [p for p in range(len(TRUTH)) if p % 2 and TRUTH[p] != UNKNOWN]
    for which, found in enumerate((kept[0].zero_shot_kept, kept[0].linear_kept)):
        assert found is not None
        assert (found.n, found.own) == (len(known), sum(TRUTH[p] == 0 for p in known))
        assert found.before == sum(before[p][which] == TRUTH[p] for p in known)
        assert found.after == sum(after[p][which] == TRUTH[p] for p in known)


def test_without_a_probe_or_a_class_of_it_there_are_no_linear_counts(
    judges: Judges, photos: list[Image.Image], scale: Scale
) -> None:
    bare = Judges(judges.clip, LAYER, judges.texts, None, np.array([], np.int64))
    assert attacked(table(bare, photos, scale)).linear is None
    other = Judges(judges.clip, LAYER, judges.texts, judges.probe, np.array([1, UNKNOWN, 2]))
    assert attacked(table(other, photos, scale)).linear is None


def test_letters_that_cannot_be_mixed_are_no_control(judges: Judges, photos: list[Image.Image], scale: Scale) -> None:
    assert attacked(table(judges, photos, scale), text="$$$").zero_shot.scrambled is None
    assert attacked(table(judges, photos, scale)).zero_shot.scrambled is not None
