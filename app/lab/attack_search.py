"""Which class's name, written on pictures, makes a model say that class: every name is tried (Goh et al. 2021, "Typographic
attacks", where short names of ImageNet's classes are searched so)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from app.clip.clip import Clip
from app.lab.classes import zero_shot
from app.lab.fonts import DEJAVU, lacks
from app.lab.overlay import Style, cover, overlaid

AT_ONCE = 16  # pictures


@dataclass(frozen=True)
class Tried:
    """What writing the name of the class at `place` did: its mean probability over the pictures `before` and `after`, of how
    many pictures it became the likeliest class (`flipped`), of how many it was that `already`, the place of the class
    that is likeliest most often (`says`), and the share of the pixels that changed (`cover`)."""

    place: int
    before: float
    after: float
    flipped: int
    already: int
    says: int
    cover: float


def short(names: Sequence[str], longest: int, count: int) -> list[int]:
    """The places of the names that are tried: those of at most `longest` characters that can be drawn, the shortest first."""
    able = [place for place, name in enumerate(names) if len(name) <= longest and not lacks(DEJAVU, name)]
    return sorted(able, key=lambda place: (len(names[place]), place))[:count]


def searching(
    clip: Clip,
    pictures: Sequence[Image.Image],
    names: Sequence[str],
    texts: Tensor,
    style: Style,
    places: Sequence[int],
) -> Iterator[Tensor | Tried]:
    """First how likely each class is for each picture without writing, [P, K]; then each name's trial.

    Args:
        pictures: At most `AT_ONCE`, as `Clip.fit` gives them.
        texts: A direction for each class, [K, E].
        places: Of the names to try.
    """
    clean = zero_shot(clip, clip.tensors(pictures), texts)
    yield clean
    together = max(AT_ONCE // len(pictures), 1)  # names whose pictures are looked at in one pass
    for start in range(0, len(places), together):
        some = places[start : start + together]
        written = [[overlaid(picture, names[place], style) for picture in pictures] for place in some]
        seen = zero_shot(clip, clip.tensors([each for row in written for each in row]), texts)
        for place, after, attacked in zip(some, seen.split(len(pictures)), written, strict=True):
            yield tried(place, clean, after, cover(pictures, attacked))


def tried(place: int, clean: Tensor, attacked: Tensor, changed: float) -> Tried:
    """What came of a name, from how likely each class is for each picture without it and with it, [P, K] each."""
    was, became = clean.argmax(1) == place, attacked.argmax(1) == place
    return Tried(
        place=place,
        before=float(clean[:, place].mean()),
        after=float(attacked[:, place].mean()),
        flipped=int((became & ~was).sum()),
        already=int(was.sum()),
        says=int(torch.mode(attacked.argmax(1)).values),
        cover=changed,
    )
