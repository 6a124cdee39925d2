"""What the instruments that write on pictures share: the picture that is sent in or taken from a corpus, and the style."""

from typing import Any

from PIL import Image

from app import images
from app.errors import BadInput, NotFound
from app.facets.pictures import KEPT_SIDE, kept, restored, stored
from app.lab.overlay import INKS, STYLES, Style
from app.microscope.indexes import Indexes
from app.microscope.instruments import Files
from app.settings import Settings
from app.spec import OverlaySpec
from app.store import Store

FIELD = "picture_file"
PREVIEWED = "pizza"


class Subjects:
    """The pictures that are written on. Each is kept, so that a finding can be opened when its corpus is gone."""

    def __init__(self, settings: Settings, store: Store, indexes: Indexes) -> None:
        self.settings = settings
        self.store = store
        self.indexes = indexes

    def take_in(self, values: dict[str, Any], files: Files) -> dict[str, Any]:
        """A form's fields with the id of its picture: one that was sent in, else an image `corpus` and `index` name, else the
        `picture` whose id it gives. The id goes into `values` too.

        Raises:
            BadInput: there is none; `NotFound`, `NotAnImage` and `TooLarge` for one that cannot be used.
        """
        corpus, index = values.get("corpus"), values.get("index")
        if files.get(FIELD):
            values["picture"] = self._keep(*files[FIELD][0])
        elif corpus and not values.get("picture"):
            values["picture"] = self.of_corpus(str(corpus), index)
        if not values.get("picture"):
            raise BadInput("picture is missing. Choose a picture, or take one.", field="picture")
        return {name: value for name, value in values.items() if name not in ("corpus", "index")}

    def of_corpus(self, corpus: str, index: object) -> str:
        """The id of a corpus image, kept without loss. Raises `NotFound`."""
        if not str(index).isdecimal() or len(str(index)) > 9:
            raise BadInput(f"index: give the number of an image of {corpus[:60]}.", field="index")
        picture = self.indexes.picture_of(corpus, int(str(index))).image(int(str(index)), KEPT_SIDE)
        return self.keep_as_is(picture)

    def keep_as_is(self, picture: Image.Image) -> str:
        """Keep a picture without loss; returns its id."""
        blob = images.image_id(picture)
        self.store.files.put_blob(blob, images.encode_webp(picture, lossless=True))
        return blob

    def read(self, picture: str) -> Image.Image:
        """A kept picture, RGB. Raises `NotFound`."""
        return restored(self.store.files.blob(picture))

    def check(self, spec: OverlaySpec) -> None:
        """Raise `NotFound` for a picture that is not kept."""
        if not self.store.files.has_blob(spec.picture):
            raise NotFound("picture: it is not kept here any more. Choose it again.", field="picture")

    def _keep(self, name: str, data: bytes) -> str:
        limits = self.settings
        picture = images.decode(data, name=name, max_bytes=limits.max_image_bytes, max_pixels=limits.max_image_pixels)
        blob, picture = kept(picture)
        self.store.files.put_blob(blob, stored(picture))
        return blob


def style_of(spec: OverlaySpec) -> Style:
    """The style of a spec: what it leaves out is as the style has it."""
    usual = STYLES[spec.style]
    return Style(
        name=spec.style,
        x=usual.x if spec.x is None else spec.x,
        y=usual.y if spec.y is None else spec.y,
        width=usual.width if spec.width is None else spec.width,
        turn=usual.turn if spec.turn is None else spec.turn,
        ink=spec.ink,
        outlined=spec.outlined,
    )


def style_choices() -> dict[str, Any]:
    """What a form offers of styles: their usual places, and the inks."""
    return {"styles": {name: vars(style) for name, style in STYLES.items()}, "inks": list(INKS)}
