"""Uploaded photos of objects with labels: kept, each with what its name or a line says that it shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from app import images
from app.errors import BadInput, FacetscopeError
from app.facets.pictures import kept, stored
from app.lab.photo_names import label_of, of_file
from app.settings import Settings
from app.spec import MOST_PHOTOS
from app.store import Store

Photo = dict[str, str]


@dataclass
class TakenIn:
    """Uploaded photos: the fields of a `WildPhoto` for each that is kept, the lines that are about none of these, and what was
    wrong, the first first."""

    photos: list[Photo] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    refused: list[FacetscopeError] = field(default_factory=list)


def taken_in(store: Store, settings: Settings, files: Sequence[tuple[str, bytes]], lines: str) -> TakenIn:
    """Decode and keep uploaded photos, or those in a .zip. One that is refused does not keep the others from being kept: a
    photo that does not say which object it shows, that cannot be read or is too large, and a line that is about none.

    Args:
        lines: What some show, whatever their names say: `IMG_1.jpg: apple, ipod`.
    """
    found, said = TakenIn(), {}
    for line in filter(str.strip, lines.splitlines()):
        try:
            name, shown = _line(line)
            said[name] = (line, shown)
        except BadInput as error:
            found.lines.append(line)
            found.refused.append(error)
    limits = {"max_bytes": settings.max_image_bytes, "max_total_bytes": 4 * settings.max_body_bytes}
    try:
        for name, data in images.unpack(files, max_images=MOST_PHOTOS, **limits):
            line, shown = said.get(name.casefold(), ("", None))
            try:
                found.photos.append(_kept(store, settings, name, data, shown or of_file(name)))
            except FacetscopeError as error:
                found.refused.append(error)
            else:
                said.pop(name.casefold(), None)
    except FacetscopeError as error:  # of all together
        found.refused.append(error)
    found.lines += [line for line, _ in said.values()]
    if said and not found.refused:
        found.refused.append(
            BadInput(
                f"lines: there is no photo {next(iter(said))}. Write the name of the file before the colon.",
                field="lines",
            )
        )
    return found


def _kept(store: Store, settings: Settings, name: str, data: bytes, shown: tuple[str, str]) -> Photo:
    thing, label = shown
    if not thing:
        raise BadInput(
            f"photos: {name} does not say which object it shows: name it such as apple-ipod.jpg, or type a line "
            f"{name}: apple, ipod.",
            field="photos",
        )
    picture = images.decode(data, name=name, max_bytes=settings.max_image_bytes, max_pixels=settings.max_image_pixels)
    blob, picture = kept(picture)
    if not store.files.has_blob(blob):
        store.files.put_blob(blob, stored(picture))
    return {"blob": blob, "thing": thing, "label": label}


def named_again(blobs: Sequence[str], named: Sequence[str]) -> Iterator[Photo]:
    """Photos that are kept already, each named anew as `apple, ipod`; one without any name is left out.

    Raises:
        BadInput: there are not as many names as photos, or one has a label and no object.
    """
    if len(blobs) != len(named):
        raise BadInput(
            f"named: there are {len(named)} names for {len(blobs)} photos. Send the form again.", field="named"
        )
    for place, (blob, text) in enumerate(zip(blobs, named, strict=True), 1):
        thing, label = _pair(text)
        if label and not thing:
            raise BadInput(
                f"named: photo {place} has no object. Write it before the comma: apple, {label}.", field="named"
            )
        if thing:
            yield {"blob": blob, "thing": thing, "label": label}


def _pair(text: str) -> tuple[str, str]:
    thing, _, label = text.partition(",")
    return " ".join(thing.split()), label_of(label)


def _line(line: str) -> tuple[str, tuple[str, str]]:
    """The file that a line is about, and what it shows. Raises `BadInput`."""
    name, colon, rest = line.rpartition(":")
    if not colon or not _pair(rest)[0]:
        raise BadInput(
            f"lines: {line.strip()[:60]!r} cannot be read: write a file's name, a colon, the object, and after a comma "
            "what is written on it.",
            field="lines",
        )
    return images.short_name(name.strip()).casefold(), _pair(rest)
