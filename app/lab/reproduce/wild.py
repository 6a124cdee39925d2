"""Do photos of objects go over to the labels stuck to them? Figure 14 of Goh et al. 2021, on its authors' own photos.

What was published of the photos of the second round: seven objects with five labels, 34 photos without the toaster that says
toaster. The folder has more of both rounds; what they do is said beside the figure, as far as what is written is a class.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from torch import Tensor

from app.errors import FacetscopeError, NotFound, NotReady
from app.images import decode
from app.lab.classes import IMAGENET, Classes, reading
from app.lab.photo_names import meaning, of_file
from app.lab.probe_file import FittedProbe, fitted, place
from app.lab.reproduce.counts import CountClaim
from app.lab.reproduce.experiment import Experiment, Running
from app.lab.reproduce.material import Material, Step
from app.lab.reproduce.row import Row
from app.lab.wild import Chooser, Flips, Photo, Seen, choosing, flips
from app.lab.words import FIRST

FOLDER = "in-the-wild"
OBJECTS = ("apple", "laptop", "mug", "phone", "plant", "toaster", "wine")
LABELS = ("ipod", "library", "pizza", "rifle", "toaster")
SECOND, THIRD = "2", "3"
MOST_BYTES, MOST_PIXELS = 32_000_000, 50_000_000

ZERO_SHOT = CountClaim("in the wild: labelled photos that flip, zero-shot", 25, 34, "figure 14")
PROBE = CountClaim("in the wild: labelled photos that flip, linear probe", 0, 34, "figure 14")


@dataclass(frozen=True)
class Pictured:
    """A photo of a round, with its file."""

    photo: Photo
    round: str
    path: Path

    def picture(self) -> Image.Image:
        """The photo. Raises `NotAnImage`."""
        return decode(self.path.read_bytes(), name=self.path.name, max_bytes=MOST_BYTES, max_pixels=MOST_PIXELS)

    @property
    def published(self) -> bool:
        """Whether it is one of those that figures were published of."""
        photo = self.photo
        return self.round == SECOND and photo.thing in OBJECTS and photo.label in ("", *LABELS)


def pictured(folder: Path) -> list[Pictured]:
    """The photos of a reference folder, sorted by their names. Raises `NotFound` where none of the published ones is there."""
    paths = [path for path in sorted((folder / FOLDER).glob("*.jpg")) if path.name[:2] in (f"{SECOND}_", f"{THIRD}_")]
    found = [Pictured(Photo(*of_file(path.name)), path.name[0], path) for path in paths]
    if not any(each.published and each.photo.label for each in found):
        raise NotFound(f"There are no photos such as {folder / FOLDER / '2_apple-ipod.jpg'}.")
    return found


def run(material: Material) -> Running:
    """Train the probe, and show both choosers the photos."""
    assert material.reference is not None, "experiments that compare run only where a reference is given"
    clip, photos = material.need_clip(), pictured(material.reference)
    fit: FittedProbe | FacetscopeError
    try:
        fit = yield from _fitted(material)
    except FacetscopeError as error:
        fit = error
    probe = fit.probe if isinstance(fit, FittedProbe) else None
    texts = seen = None
    for texts in reading(clip, Classes(IMAGENET)):
        if not isinstance(texts, Tensor):
            yield Step("classes read", *texts)
    assert isinstance(texts, Tensor)
    for seen in choosing(clip, len(photos), lambda number: photos[number].picture(), texts, probe, clip.default_layer):
        if not isinstance(seen, Seen):
            yield Step("photos looked at", *seen)
    assert isinstance(seen, Seen)
    return rows(material.slug, photos, seen, fit)


def _fitted(material: Material) -> Generator[Step, None, FittedProbe]:
    """The probe of the label column that says what an image shows, else of the one that names most of what is written.

    Raises:
        NotReady: none names any of it.
    """
    columns, layer = (yield from material.columns()), material.need_clip().default_layer
    named = {
        column: sum(meaning(label, columns.categories.values(column)) is not None for label in LABELS)
        for column in columns.categories.columns
    }
    column = max(named, key=lambda column: (bool(named[column]), column == FIRST, named[column]), default="")
    if not named.get(column):
        raise NotReady(
            f"No label column of {material.need_index().manifest.name} names what is written ({', '.join(LABELS)}), so that "
            "no probe can choose it."
        )
    fit, path = None, place(material.data, material.need_index(), layer, column)
    for fit in fitted(path, columns, layer, column):
        if fit is not None and not isinstance(fit, FittedProbe):
            yield Step("passes of the linear probe", *fit)
    assert isinstance(fit, FittedProbe)
    return fit


def rows(slug: str, photos: Sequence[Pictured], seen: Seen, fit: FittedProbe | FacetscopeError) -> list[Row]:
    """What was seen on the photos beside what was published of them."""
    by_text = _row(ZERO_SHOT, slug, photos, IMAGENET, seen.by_text)
    if isinstance(fit, FacetscopeError) or seen.by_probe is None:
        return [by_text, PROBE.not_here(str(fit))]
    beside = f"it is right on {fit.accuracy:.1%} of {fit.held_out:,} images held out"
    return [by_text, _row(PROBE, slug, photos, fit.probe.names, seen.by_probe, beside)]


def _row(
    claim: CountClaim,
    slug: str,
    photos: Sequence[Pictured],
    classes: Sequence[str],
    probabilities: Tensor,
    beside: str = "",
) -> Row:
    published = [place for place, each in enumerate(photos) if each.published]
    found = _flips([photos[place].photo for place in published], classes, probabilities[published])
    said = [beside] if beside else []
    if missing := len(LABELS) * len(OBJECTS) - 1 - found.of:
        said.append(f"{missing} of the published photos are not here, or what is written is no class")
    for number in (SECOND, THIRD):
        places = [place for place, each in enumerate(photos) if each.round == number]
        everything = _flips([photos[place].photo for place in places], classes, probabilities[places])
        if everything.of:
            said.append(
                f"of all photos of round {number} whose label is a class, {everything.count} of {everything.of}"
            )
    return claim.row(slug, found.count, found.of, "; ".join(said))


def _flips(photos: Sequence[Photo], classes: Sequence[str], probabilities: Tensor) -> Flips:
    names = {name for photo in photos for name in (photo.thing, photo.label) if name}
    places = {name: meaning(name, classes) for name in names}
    chooser = Chooser(
        tuple(classes), {name: None if place is None else classes[place] for name, place in places.items()}
    )
    return flips(photos, chooser, chooser.choices(photos, probabilities))


EXPERIMENT = Experiment((ZERO_SHOT, PROBE), run, compares=True)
