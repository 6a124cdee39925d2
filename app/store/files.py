"""What is kept beside the database: pictures by content id, frames and pictures of renders, and word lists, in the data
folder or a bucket; and the large files of facets and findings, which are read in place and always lie in the data folder."""

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from app.errors import NotFound
from app.spec import content_id
from app.store.blobs import Blobs, Folder

BLOBS = ("blobs", "renders", "words")
FILES = ("facets", "findings")


class Files:
    """The files of one data folder. `Away` is raised where a bucket does not answer."""

    def __init__(self, data: Path, blobs: Blobs | None = None) -> None:
        self.data = data
        self.blobs = blobs or Folder(data)

    def put_blob(self, blob_id: str, webp: bytes) -> None:
        """Keep a picture under its content id; the same picture twice is one file."""
        if not self.has_blob(blob_id):
            self.blobs.put(_blob(blob_id), webp)

    def has_blob(self, blob_id: str) -> bool:
        """Whether a picture is kept already, so that it need not be encoded again. Whoever asks is about to use it: from now
        on it counts as new to the sweep of unused ones."""
        return self.blobs.touch(_blob(blob_id))

    def blob(self, blob_id: str) -> bytes:
        """A stored picture as WebP. Raises `NotFound`."""
        return self._read(_blob(blob_id), f"stored picture {blob_id}")

    def put_frame(self, render_id: str, step: int, webp: bytes) -> None:
        """Write a frame; call before the frame is announced."""
        self.blobs.put(_frame(render_id, step), webp)

    def frame(self, render_id: str, step: int) -> bytes:
        """One frame as WebP. Raises `NotFound`."""
        return self._read(_frame(render_id, step), f"frame {step} of render {render_id}")

    def frames(self, render_id: str) -> list[int]:
        """The steps of which there is a frame, ascending."""
        stems = (name.removesuffix(".webp") for name in self.blobs.names(f"renders/{render_id}"))
        return sorted(int(stem) for stem in stems if stem.isdecimal())

    def drop_frames(self, render_id: str) -> None:
        """Remove the frames of a render that starts again."""
        for step in self.frames(render_id):
            self.blobs.drop(_frame(render_id, step))

    def put_picture(self, render_id: str, png: bytes) -> None:
        """Write the finished picture, lossless."""
        self.blobs.put(_picture(render_id), png)

    def picture(self, render_id: str) -> bytes:
        """The finished picture as PNG. Raises `NotFound`."""
        return self._read(_picture(render_id), f"finished picture of render {render_id}")

    def facet_weights(self, facet_id: str) -> Path:
        """Where the probe weights of a facet are kept."""
        return self.data / "facets" / f"{_safe(facet_id)}.safetensors"

    def facet_activations(self, own_id: str) -> Path:
        """Where the activations of units on a facet's own pictures are kept."""
        return self.data / "facets" / "pictures" / f"{own_id}.safetensors"

    def finding(self, finding_id: str) -> Path:
        """Where what an instrument found is kept if it is too much for the database."""
        return self.data / "findings" / f"{_safe(finding_id)}.safetensors"

    def put_word_list(self, list_id: str, words: Sequence[str]) -> None:
        """Keep a list of words under its content id, one a line."""
        self.blobs.put(_word_list(list_id), "\n".join(words).encode())

    def keep_words(self, words: Sequence[str]) -> str:
        """Keep words of one's own; returns the id of their list."""
        list_id = content_id("words", *words)
        self.put_word_list(list_id, words)
        return list_id

    def word_list(self, list_id: str) -> tuple[str, ...]:
        """A list of words that was sent in. Raises `NotFound`."""
        return tuple(self._read(_word_list(list_id), f"stored list of words {list_id}").decode().split("\n"))

    def uploads(self) -> set[str]:
        """What people sent: the ids of stored pictures and lists of words."""
        paths = (path for folder in ("blobs", "words") for path in self.blobs.every(folder))
        return {PurePosixPath(path).stem for path in paths}

    def upload_age_s(self, upload_id: str) -> float:
        """How long ago a picture or list of words was last sent or asked for; negative where the clock was moved back, or
        where it is gone."""
        for path in (_blob(upload_id), _word_list(upload_id)):
            with suppress(FileNotFoundError):
                return time.time() - self.blobs.modified(path)
        return -1.0

    def drop_upload(self, upload_id: str) -> None:
        """Remove a stored picture or list of words, if it is there."""
        self.blobs.drop(_blob(upload_id))
        self.blobs.drop(_word_list(upload_id))

    def drawn(self) -> set[str]:
        """The renders that have any files."""
        return set(self.blobs.names("renders"))

    def drop_render(self, render_id: str) -> int:
        """Remove a render's frames and its picture; returns how many bytes they took up."""
        folder = f"renders/{render_id}"
        freed = self.blobs.size(folder)
        self.blobs.drop_folder(folder)
        return freed

    def made_bytes(self) -> int:
        """What people made takes up: uploads, renders, facets, findings; not what can be computed again from the models."""
        local = Folder(self.data)
        return sum(self.blobs.size(name) for name in BLOBS) + sum(local.size(name) for name in FILES)

    def _read(self, path: str, what: str) -> bytes:
        try:
            return self.blobs.get(path)
        except OSError as error:
            raise NotFound(f"There is no {what}.") from error


def _safe(name: str) -> str:
    """An id that is nothing but letters and digits, so that no path leads elsewhere. Raises `NotFound`."""
    if not name.isalnum():
        raise NotFound(f"There is nothing stored under {name!r}.")
    return name


def _word_list(list_id: str) -> str:
    return f"words/{_safe(list_id)}.txt"


def _blob(blob_id: str) -> str:
    return f"blobs/{blob_id[:2]}/{_safe(blob_id)}.webp"


def _frame(render_id: str, step: int) -> str:
    return f"renders/{_safe(render_id)}/{step}.webp"


def _picture(render_id: str) -> str:
    return f"renders/{_safe(render_id)}/picture.png"
