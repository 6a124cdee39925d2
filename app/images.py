"""Untrusted bytes become plain RGB pictures: decoding with limits, safe zip reading, thumbnails, content ids."""

import io
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

from app.errors import NotAnImage, TooLarge
from app.spec import content_id

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""What `decode` reads. Explicit, because Pillow would otherwise try dozens of rarely tested parsers."""

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})
"""File name endings, lower case, of the formats in `FORMATS`."""

LONGEST_NAME = 80  # characters of a file name that a sentence repeats

# Pillow's complaints about odd metadata are not ours to print; its pixel limit is an error, as its manual advises.
warnings.filterwarnings("ignore", module=r"PIL\.")
warnings.simplefilter("error", Image.DecompressionBombWarning)


@dataclass(frozen=True)
class Refusal:
    """A file that was not used, and the sentence that says why."""

    name: str
    reason: str


def decode(data: bytes, *, name: str = "picture", max_bytes: int, max_pixels: int) -> Image.Image:
    """Read one picture as the viewer sees it: upright, RGB, first frame, transparency over white, no metadata.

    The size is taken from the header, so a picture that is too large is refused before a pixel of it is decoded.

    Args:
        name: What the sentences call the picture; repeated as it is, so escape it before it meets HTML.
        max_bytes: Largest `data`.
        max_pixels: Largest width x height; Pillow's own limit of 89 million holds as well.

    Raises:
        TooLarge: More bytes or pixels than the limits.
        NotAnImage: Anything else that is wrong with the bytes.
    """
    name = short_name(name)
    if len(data) > max_bytes:
        raise TooLarge(f"{name} has more than {size_in_words(max_bytes)}; save it smaller and try again.")
    if not data:
        raise NotAnImage(f"{name} is empty (0 bytes); choose the picture again.")
    try:
        return _decode(data, name, max_pixels)
    except (TooLarge, NotAnImage):
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _too_many_pixels(name, "", max_pixels) from error
    except Image.UnidentifiedImageError as error:
        raise NotAnImage(f"{name} is not a picture we can read; save it as {formats_in_words()}.") from error
    except Exception as error:  # Pillow's parsers raise whatever they run into: SyntaxError, struct.error, KeyError ...
        raise NotAnImage(f"{name} is damaged or cut short; save it again as {formats_in_words()}.") from error


def _decode(data: bytes, name: str, max_pixels: int) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        width, height = image.size
        if width * height > max_pixels:
            raise _too_many_pixels(name, f"{width:,} x {height:,}", max_pixels)
        image.load()
        if image.width * image.height > max_pixels:  # a GIF frame may be larger than its header says
            raise _too_many_pixels(name, f"{image.width:,} x {image.height:,}", max_pixels)
        return _bare(_opaque(_eight_bits(_upright(image))))


def _too_many_pixels(name: str, size: str, max_pixels: int) -> TooLarge:
    side = int(max_pixels**0.5)
    has = f"is {size} pixels" if size else "has too many pixels"
    return TooLarge(
        f"{name} {has}; the limit is {max_pixels:,} in all. Scale it down to {side:,} x {side:,} or less and try again."
    )


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # damaged EXIF can raise anything; the pixels are still good
        return image


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scale 16-bit, 32-bit and float grey pictures to 0..255; Pillow's own conversion would clip them."""
    if not image.mode.startswith(("I", "F")):
        return image
    grey = np.nan_to_num(np.asarray(image).astype(np.float64), posinf=0.0, neginf=0.0).clip(min=0)
    peak = float(grey.max(initial=0))
    if image.mode.startswith("I"):
        peak = next(full for full in (255.0, 65535.0, max(peak, 1.0)) if peak <= full)
        if image.mode != "I":  # I;16 and its byte orders: always 16 bits, however dark
            peak = 65535.0
    else:
        peak = 1.0 if peak <= 1 else peak
    return Image.fromarray((grey * (255 / peak)).round().astype(np.uint8))


def _opaque(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image
    rgba = image.convert("RGBA")
    white = Image.new("RGBA", rgba.size, "white")
    return Image.alpha_composite(white, rgba)


def _bare(image: Image.Image) -> Image.Image:
    """RGB without metadata: `info` would otherwise travel into whatever is saved next."""
    rgb = image.convert("RGB")
    rgb.info = {}
    return rgb


def encode_webp(image: Image.Image, *, quality: int = 90, lossless: bool = False) -> bytes:
    """WebP bytes without metadata."""
    return _encode(image, lambda rgb, out: rgb.save(out, "WEBP", quality=quality, lossless=lossless, method=4))


def encode_png(image: Image.Image) -> bytes:
    """PNG bytes without metadata."""
    return _encode(image, lambda rgb, out: rgb.save(out, "PNG"))


def encode_film(
    pictures: Sequence[Image.Image], *, frame_ms: int = 90, last_ms: int = 1500, quality: int = 85
) -> bytes:
    """An animated WebP that repeats for ever and stays on its last picture for a while. All are of one size."""
    first, *rest = [_bare(picture) for picture in pictures]
    shown = [frame_ms] * len(rest) + [last_ms]
    out = io.BytesIO()
    first.save(out, "WEBP", save_all=True, append_images=rest, duration=shown, loop=0, quality=quality, method=4)
    return out.getvalue()


def _encode(image: Image.Image, save: Callable[[Image.Image, io.BytesIO], None]) -> bytes:
    out = io.BytesIO()
    save(_bare(image), out)
    return out.getvalue()


def thumbnail(image: Image.Image, side: int) -> Image.Image:
    """The whole picture with its longest side at most `side` pixels; never enlarged."""
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    return small


def square(image: Image.Image, side: int, mode: str = "shortest") -> Image.Image:
    """What the model sees of the picture, `side` x `side`: open_clip's resize modes.

    Args:
        mode: "shortest" crops the centre, "longest" pads with black, "squash" ignores the aspect ratio.
    """
    size = (side, side)
    if mode == "squash":
        return image.resize(size, Image.Resampling.BICUBIC)
    if mode == "longest":
        return ImageOps.pad(image, size, Image.Resampling.BICUBIC, color="black")
    return ImageOps.fit(image, size, Image.Resampling.BICUBIC)


def image_id(image: Image.Image) -> str:
    """The content id of the decoded pixels: equal pictures have equal ids whatever file they came in."""
    rgb = image.convert("RGB")
    return content_id("image", f"{rgb.width}x{rgb.height}", rgb.tobytes())


def perceptual_hash(image: Image.Image) -> int:
    """A 64-bit difference hash: near-duplicates differ in few bits.

    Each bit says whether a cell of the 9 x 8 grey thumbnail is brighter than its right neighbour
    (N. Krawetz, "Kind of like that", hackerfactor.com, 2013).
    """
    grey = np.asarray(image.convert("L").resize((9, 8), Image.Resampling.BOX)).astype(np.int16)
    bits = (grey[:, :-1] > grey[:, 1:]).ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def short_name(name: str) -> str:
    """A file name fit for a sentence: base name, printable, at most `LONGEST_NAME` characters."""
    base = name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    printable = "".join(char for char in base if char.isprintable()).strip() or "picture"
    return printable if len(printable) <= LONGEST_NAME else printable[: LONGEST_NAME - 1] + "…"


def size_in_words(count: int) -> str:
    """A byte count as people write it: "32 MB"."""
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= scale:
            return f"{count / scale:.3g} {unit}"
    return f"{count} bytes"


def formats_in_words() -> str:
    """The readable formats as a list for a sentence."""
    return "JPEG, PNG, WebP, GIF, BMP or TIFF"


def unpack(
    files: Sequence[tuple[str, bytes | BinaryIO]], *, max_images: int, max_bytes: int, max_total_bytes: int
) -> Iterator[tuple[str, bytes]]:
    """Flatten uploaded files into named pictures; .zip files are opened in memory and no path is ever written.

    Names are reduced to their base name. Folders, hidden files, `__MACOSX` and zips inside zips are skipped. Sizes are
    those that really come out, whatever the archive claims. The number is checked before the first picture is yielded.

    Args:
        files: File names with their bytes, or with an open seekable file.
        max_images: Most pictures in all.
        max_bytes: Largest single picture.
        max_total_bytes: Largest sum of all pictures.

    Raises:
        TooLarge: More than one of the limits.
        NotAnImage: A zip archive that cannot be read.
    """
    readers = [reader for name, file in files for reader in _readers(name, file, max_images)]
    if len(readers) > max_images:
        raise _too_many_files(max_images)
    left = max_total_bytes
    for name, read in readers:
        data = read(min(max_bytes, left) + 1)
        if len(data) > max_bytes:
            raise TooLarge(f"{name} has more than {size_in_words(max_bytes)}; save it smaller and try again.")
        left -= len(data)
        if left < 0:
            total = size_in_words(max_total_bytes)
            raise TooLarge(f"The pictures have more than {total} in all when unpacked; send fewer or smaller ones.")
        yield name, data


Reader = tuple[str, Callable[[int], bytes]]
"""A short name, and a function that reads at most so many bytes of the file."""


def _readers(name: str, file: bytes | BinaryIO, max_images: int) -> list[Reader]:
    stream = io.BytesIO(file) if isinstance(file, bytes) else file
    stream.seek(0)
    is_zip = stream.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    stream.seek(0)
    if not is_zip:
        return [(short_name(name), stream.read)]
    if _most_entries(stream) > 20 * max_images + 1000:  # long names, folders and hidden files have room in this
        raise _too_many_files(max_images)
    try:
        archive = zipfile.ZipFile(stream)
    except (
        Exception
    ) as error:  # damaged archives raise BadZipFile, but also struct.error, ValueError, OverflowError ...
        raise _bad_zip(name) from error
    wanted = (entry for entry in archive.infolist() if _is_wanted(entry))
    return [(short_name(entry.filename), _entry_reader(archive, entry, name)) for entry in wanted]


def _most_entries(stream: BinaryIO) -> int:
    """How many entries the archive's directory can hold at most, from its size, without building the list."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - 65_557))  # the end record and the longest comment after it
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    directory_bytes = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
    return min(directory_bytes, size) // 46  # bytes of the shortest directory entry


def _is_wanted(entry: zipfile.ZipInfo) -> bool:
    parts = [part for part in entry.filename.replace("\\", "/").split("/") if part]
    hidden = not parts or parts[-1].startswith(".") or "__MACOSX" in parts
    return not (hidden or entry.is_dir() or parts[-1].lower().endswith(".zip"))


def _entry_reader(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> Callable[[int], bytes]:
    def read(limit: int) -> bytes:
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others unpack without a bound
            raise NotAnImage(f"{short_name(name)} uses a rare zip compression; make it again with plain zip.")
        if entry.flag_bits & 1:
            raise NotAnImage(f"{short_name(name)} is protected by a password; make it again without one.")
        try:
            with archive.open(entry) as file:
                return file.read(limit)
        except Exception as error:  # BadZipFile, zlib.error, EOFError, struct.error ...: one remedy for all
            raise _bad_zip(name) from error

    return read


def _too_many_files(max_images: int) -> TooLarge:
    return TooLarge(f"There are more than {max_images:,} pictures; send at most {max_images:,} at once.")


def _bad_zip(name: str) -> NotAnImage:
    return NotAnImage(f"{short_name(name)} is a damaged zip archive; make it again and try once more.")


def side_by_side(pictures: np.ndarray) -> Image.Image:
    """Pictures uint8 [B, S, S, 3] in one row."""
    return Image.fromarray(np.concatenate(list(pictures), axis=1))
