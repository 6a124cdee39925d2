"""Typographic attacks in the wild: objects with labels stuck to them, by a model's zero-shot choice and by a linear probe.

Goh et al. 2021, "Typographic attacks", figure 14. A photo flips if its top class is what is written on the object, and that of
the same object's photo without a label was not.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from PIL import Image
from torch import Tensor

from app.clip.clip import Clip
from app.clip.taps import tap
from app.lab.classes import best, zero_shot
from app.lab.linear import LinearProbe

AT_ONCE = 8  # photos a step
SHOWN = 5  # classes of a photo


@dataclass(frozen=True)
class Photo:
    """What a photo shows: an object, and what is written on it; an empty label for nothing."""

    thing: str
    label: str


@dataclass(frozen=True)
class Choice:
    """What was made of a photo: the likeliest classes with their probabilities, the likeliest first, and that of the class
    that is written there, None where nothing is or it is no class."""

    top: list[tuple[str, float]]
    written: float | None


@dataclass(frozen=True)
class Chooser:
    """Somebody who chooses among `classes`; `meant` is the class of a label or object, which may have none."""

    classes: tuple[str, ...]
    meant: Mapping[str, str | None]

    def choices(self, photos: Sequence[Photo], probabilities: Tensor) -> list[Choice]:
        """What was made of photos, from the probabilities [photos, classes]."""
        return [self._choice(photo, row) for photo, row in zip(photos, probabilities, strict=True)]

    def _choice(self, photo: Photo, probabilities: Tensor) -> Choice:
        written = self.meant.get(photo.label) if photo.label else None
        share = None if written is None else float(probabilities[self.classes.index(written)])
        return Choice(best(probabilities, self.classes, SHOWN), share)


@dataclass(frozen=True, eq=False)
class Seen:
    """The probabilities of the zero-shot classes for photos, [photos, K], and of a probe's, [photos, P]."""

    by_text: Tensor
    by_probe: Tensor | None


@torch.no_grad()
def choosing(
    clip: Clip,
    count: int,
    picture: Callable[[int], Image.Image],
    texts: Tensor,
    probe: LinearProbe | None,
    layer: str,
) -> Iterator[tuple[int, int] | Seen]:
    """Show the model photos, some a step.

    Args:
        count: How many photos there are.
        picture: The photo of a number; it may take its time.
        texts: [K, E], the classes of `app.lab.classes.class_texts`.
        probe: Of the units of `layer`; None where there is none.

    Yields:
        How many are done and how many there are; at the end what was seen.
    """
    by_text, by_probe = [], []
    for start in range(0, count, AT_ONCE):
        rgb = clip.prepare([picture(number) for number in range(start, min(start + AT_ONCE, count))])
        with tap(clip, {layer: "pre"}) as read:
            by_text.append(zero_shot(clip, rgb, texts))
        if probe is not None:
            by_probe.append(probe.probabilities(read[layer].float().mean((2, 3))))
        yield min(start + AT_ONCE, count), count
    yield Seen(torch.cat(by_text), torch.cat(by_probe) if by_probe else None)


@dataclass(frozen=True)
class Flips:
    """Which labelled photos went over to their label: for each photo whether it did, None where that cannot be said; and why
    photos are left out, each reason with how many."""

    flipped: list[bool | None]
    left_out: dict[str, int] = field(default_factory=dict)

    @property
    def of(self) -> int:
        """Labelled photos of which it can be said."""
        return sum(each is not None for each in self.flipped)

    @property
    def count(self) -> int:
        """Those that flipped."""
        return sum(each is True for each in self.flipped)


NO_BLANK = "its object has no photo without a label"
OWN_NAME = "the label names the object itself"
NO_CLASS = "what is written is no class"


def flips(photos: Sequence[Photo], chooser: Chooser, choices: Sequence[Choice]) -> Flips:
    """Count the photos that flipped; see `Photo` and the module."""
    pairs = list(zip(photos, choices, strict=True))
    blank = {photo.thing.casefold(): choice.top[0][0] for photo, choice in pairs if not photo.label}
    flipped: list[bool | None] = []
    left_out: dict[str, int] = {}
    for photo, choice in pairs:
        why = _left_out(photo, chooser, blank) if photo.label else ""
        if why:
            left_out[why] = left_out.get(why, 0) + 1
        judged = photo.label and not why
        written = chooser.meant.get(photo.label)
        flipped.append(choice.top[0][0] == written != blank[photo.thing.casefold()] if judged else None)
    return Flips(flipped, left_out)


def _left_out(photo: Photo, chooser: Chooser, blank: Mapping[str, str]) -> str:
    written = chooser.meant.get(photo.label)
    if photo.label.casefold() == photo.thing.casefold() or (written and written == chooser.meant.get(photo.thing)):
        return OWN_NAME
    if written is None:
        return NO_CLASS
    return "" if photo.thing.casefold() in blank else NO_BLANK
