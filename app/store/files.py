"""Files of one data folder: stored pictures by content id, frames and pictures of renders, facet weights.

Every file is written beside its place and renamed into it, so that a reader never sees half of one.
"""

from collections.abc import Sequence
from pathlib import Path

from app.errors import NotFound
from app.spec import content_id
from app.whole import PRIVATE, write_whole


def read_whole(path: Path, what: str) -> bytes:
    """Read a file, or raise `NotFound` in the words of `what`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFound(f"There is no {what}.") from error


class Files:
    """The folders below the data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def put_blob(self, blob_id: str, webp: bytes) -> None:
        """Keep a picture under its content id; the same picture twice is one file."""
        if not self.has_blob(blob_id):
            write_whole(self._blob(blob_id), webp, PRIVATE)

    def has_blob(self, blob_id: str) -> bool:
        """Whether a picture is kept already, so that it need not be encoded again."""
        return self._blob(blob_id).exists()

    def blob(self, blob_id: str) -> bytes:
        """A stored picture as WebP. Raises `NotFound`."""
        return read_whole(self._blob(blob_id), f"stored picture {blob_id}")

    def put_frame(self, render_id: str, step: int, webp: bytes) -> None:
        """Write a frame; call before the frame is announced."""
        write_whole(self._frame(render_id, step), webp, PRIVATE)

    def frame(self, render_id: str, step: int) -> bytes:
        """One frame as WebP. Raises `NotFound`."""
        return read_whole(self._frame(render_id, step), f"frame {step} of render {render_id}")

    def frames(self, render_id: str) -> list[int]:
        """The steps of which there is a frame, ascending."""
        return sorted(int(path.stem) for path in (self.data / "renders" / render_id).glob("[0-9]*.webp"))

    def drop_frames(self, render_id: str) -> None:
        """Remove the frames of a render that starts again."""
        for path in (self.data / "renders" / render_id).glob("[0-9]*.webp"):
            path.unlink()

    def put_picture(self, render_id: str, png: bytes) -> None:
        """Write the finished picture, lossless."""
        write_whole(self._picture(render_id), png, PRIVATE)

    def picture(self, render_id: str) -> bytes:
        """The finished picture as PNG. Raises `NotFound`."""
        return read_whole(self._picture(render_id), f"finished picture of render {render_id}")

    def facet_weights(self, facet_id: str) -> Path:
        """Where the probe weights of a facet are kept."""
        return self.data / "facets" / f"{facet_id}.safetensors"

    def facet_activations(self, own_id: str) -> Path:
        """Where the activations of units on a facet's own pictures are kept."""
        return self.data / "facets" / "pictures" / f"{own_id}.safetensors"

    def finding(self, finding_id: str) -> Path:
        """Where what an instrument found is kept if it is too much for the database."""
        return self.data / "findings" / f"{finding_id}.safetensors"

    def put_word_list(self, list_id: str, words: Sequence[str]) -> None:
        """Keep a list of words under its content id, one a line."""
        write_whole(self._word_list(list_id), "\n".join(words).encode(), PRIVATE)

    def keep_words(self, words: Sequence[str]) -> str:
        """Keep words of one's own; returns the id of their list."""
        list_id = content_id("words", *words)
        self.put_word_list(list_id, words)
        return list_id

    def word_list(self, list_id: str) -> tuple[str, ...]:
        """A list of words that was sent in. Raises `NotFound`."""
        return tuple(read_whole(self._word_list(list_id), f"stored list of words {list_id}").decode().split("\n"))

    def _word_list(self, list_id: str) -> Path:
        return self.data / "words" / f"{list_id}.txt"

    def _blob(self, blob_id: str) -> Path:
        return self.data / "blobs" / blob_id[:2] / f"{blob_id}.webp"

    def _frame(self, render_id: str, step: int) -> Path:
        return self.data / "renders" / render_id / f"{step}.webp"

    def _picture(self, render_id: str) -> Path:
        return self.data / "renders" / render_id / "picture.png"
