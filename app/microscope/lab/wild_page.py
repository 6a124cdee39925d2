"""The page of a table of labelled photos, from what was found."""

from collections.abc import Mapping
from typing import Any

from app import urls
from app.answers.counted import Guess
from app.answers.wild import ChoiceShown, FlipsShown, LeftOut, PhotoShown, ProbeShown, WildForm, WildPage, WildRow
from app.microscope.lab.counting import counted
from app.spec import WildPhoto, WildSpec


def page(head: dict[str, Any], spec: WildSpec, found: Mapping[str, Any], form: WildForm, *, linear: bool) -> WildPage:
    """The photos in a table; `linear` shows the probe's choice where there is one."""
    photos = [_photo(photo, place, found) for place, photo in enumerate(spec.photos)]
    labels = _different(photo.label for photo in photos)
    named = found.get("named", {})
    return WildPage(
        **head,
        spec=spec,
        view="linear" if linear and "linear" in found else "zero-shot",
        views={"zero-shot": head["url"], "linear": urls.with_query(head["url"], view="linear")},
        labels=labels,
        rows=[_row(thing, labels, photos) for thing in _different(photo.thing for photo in photos)],
        zero_shot=_flips(found.get("zero_shot")),
        linear=_flips(found.get("linear")),
        probe=ProbeShown.model_validate(found["probe"]) if found else None,
        meant={name: meant for name, meant in named.get("meant", {}).items() if name.casefold() != meant.casefold()},
        added=list(named.get("added", [])),
        form=form,
    )


def _different(names: Any) -> list[str]:
    """Names in order, those that differ only in case once; the empty one is the first."""
    return sorted({name.casefold(): name for name in reversed(list(names))}.values(), key=str.casefold)


def _row(thing: str, labels: list[str], photos: list[PhotoShown]) -> WildRow:
    of_label = {photo.label.casefold(): photo for photo in photos if photo.thing.casefold() == thing.casefold()}
    return WildRow(thing=thing, photos=[of_label.get(label.casefold()) for label in labels])


def _photo(photo: WildPhoto, place: int, found: Mapping[str, Any]) -> PhotoShown:
    return PhotoShown(
        **photo.model_dump(),
        image=urls.blob(photo.blob),
        zero_shot=_choice(photo, place, found.get("zero_shot")),
        linear=_choice(photo, place, found.get("linear")),
    )


def _choice(photo: WildPhoto, place: int, chosen: Mapping[str, Any] | None) -> ChoiceShown | None:
    if chosen is None:
        return None
    choice, written = chosen["choices"][place], chosen["meant"].get(photo.label) if photo.label else None
    guesses = [Guess(name=name, share=share, named=name == written) for name, share in choice["top"]]
    if written is not None and not any(guess.named for guess in guesses):
        guesses[-1] = Guess(name=written, share=choice["written"], named=True)
    return ChoiceShown(guesses=guesses, flipped=chosen["flipped"][place])


def _flips(chosen: Mapping[str, Any] | None) -> FlipsShown | None:
    if chosen is None:
        return None
    judged = [each for each in chosen["flipped"] if each is not None]
    return FlipsShown(
        flipped=counted(sum(judged), len(judged)),
        classes=chosen["classes"],
        left_out=[LeftOut(why=why, photos=photos) for why, photos in chosen["left_out"].items()],
    )
