"""Uploaded photos of objects with labels: kept, each with what its name or a line says that it shows."""

from collections.abc import Iterator, Sequence

from app import images
from app.errors import BadInput
from app.facets.pictures import kept, stored
from app.lab.photo_names import label_of, of_file
from app.settings import Settings
from app.spec import MOST_PHOTOS
from app.store import Store

Photo = dict[str, str]


def taken_in(store: Store, settings: Settings, files: Sequence[tuple[str, bytes]], lines: str) -> Iterator[Photo]:
    """Decode and keep uploaded photos, or those in a .zip: the fields of a `WildPhoto` for each.

    Args:
        lines: What some show, whatever their names say: `IMG_1.jpg: apple, ipod`.

    Raises:
        BadInput: a photo does not say which object it shows, or a line is about none of them.
        NotAnImage: one cannot be read.
        TooLarge: there are more than `MOST_PHOTOS`, or one is too large.
    """
    said = dict(_lines(lines))
    unpacked = images.unpack(
        files, max_images=MOST_PHOTOS, max_bytes=settings.max_image_bytes, max_total_bytes=4 * settings.max_body_bytes
    )
    for name, data in unpacked:
        thing, label = said.pop(name.casefold(), None) or of_file(name)
        if not thing:
            raise BadInput(
                f"photos: {name} does not say which object it shows: name it such as apple-ipod.jpg, or type a line "
                f"{name}: apple, ipod.",
                field="photos",
            )
        picture = images.decode(
            data, name=name, max_bytes=settings.max_image_bytes, max_pixels=settings.max_image_pixels
        )
        blob, picture = kept(picture)
        if not store.files.has_blob(blob):
            store.files.put_blob(blob, stored(picture))
        yield {"blob": blob, "thing": thing, "label": label}
    if said:
        raise BadInput(
            f"lines: there is no photo {next(iter(said))}. Write the name of the file before the colon.", field="lines"
        )


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


def _lines(text: str) -> Iterator[tuple[str, tuple[str, str]]]:
    for line in filter(str.strip, text.splitlines()):
        name, colon, rest = line.rpartition(":")
        if not colon or not _pair(rest)[0]:
            raise BadInput(
                f"lines: {line.strip()[:60]!r} cannot be read: write a file's name, a colon, the object, and after a comma "
                "what is written on it.",
                field="lines",
            )
        yield images.short_name(name.strip()).casefold(), _pair(rest)
