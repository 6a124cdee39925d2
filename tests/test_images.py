import io
import struct
import zipfile
import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from app.errors import NotAnImage, TooLarge
from app.images import (
    decode,
    encode_png,
    encode_webp,
    image_id,
    perceptual_hash,
    short_name,
    square,
    thumbnail,
    unpack,
)

MAX_BYTES, MAX_PIXELS = 2_000_000, 4_000_000


def picture(seed: int = 0, size: tuple[int, int] = (48, 32)) -> Image.Image:
    """A smooth random picture, so that JPEG keeps it nearly as it is."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def read(data: bytes, name: str = "cat.png") -> Image.Image:
    return decode(data, name=name, max_bytes=MAX_BYTES, max_pixels=MAX_PIXELS)


def zipped(entries: Sequence[tuple[str, bytes]], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return out.getvalue()


def unpacked(files: Sequence[tuple[str, bytes | io.BytesIO]], **limits: int) -> list[tuple[str, bytes]]:
    return list(unpack(files, **{"max_images": 100, "max_bytes": 10_000, "max_total_bytes": 100_000, **limits}))


def png_claiming(width: int, height: int) -> bytes:
    """A valid PNG of zeros that is small because zeros compress a thousandfold; the pixels end early."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "TIFF", "GIF", "JPEG"])
def test_every_format_we_name_is_read_as_rgb(kind: str) -> None:
    image = read(saved(picture(), kind))
    assert (image.mode, image.size) == ("RGB", (48, 32))
    assert np.abs(np.asarray(image).astype(int) - np.asarray(picture())).mean() < 12


def test_a_text_file_named_png_is_refused_by_name_and_remedy() -> None:
    with pytest.raises(NotAnImage, match=r"notes\.png is not a picture we can read; save it as JPEG"):
        read(b"dear diary", "notes.png")


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(NotAnImage, match="empty"):
        read(b"")


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
def test_a_truncated_jpeg_is_refused(keep: float) -> None:
    data = saved(picture(size=(200, 200)), "JPEG")
    with pytest.raises(NotAnImage, match="damaged or cut short"):
        read(data[: int(len(data) * keep)])


def test_a_huge_png_is_refused_from_its_header() -> None:
    data = png_claiming(30_000, 30_000)
    assert len(data) < 10_000
    with pytest.raises(TooLarge, match=r"pixels; the limit is 4,000,000 in all\. Scale it down to 2,000 x 2,000"):
        read(data)


def test_a_picture_just_above_the_pixel_limit_is_refused_with_its_size() -> None:
    with pytest.raises(TooLarge, match="2,001 x 2,000"):
        read(png_claiming(2001, 2000))


def test_a_pixel_limit_above_pillows_own_still_refuses_huge_pictures() -> None:
    for side in (10_000, 30_000):  # Pillow warns of the first and refuses the second
        with pytest.raises(TooLarge):
            decode(png_claiming(side, side), max_bytes=MAX_BYTES, max_pixels=10**12)


def test_a_gif_frame_larger_than_its_screen_is_refused() -> None:
    data = bytearray(saved(Image.new("P", (8, 8)), "GIF"))
    at = data.index(b"\x2c")  # the image descriptor: left, top, width, height follow
    data[at + 5 : at + 9] = struct.pack("<HH", 60_000, 60_000)
    with pytest.raises((TooLarge, NotAnImage)):
        read(bytes(data))


def test_too_many_bytes_are_refused_before_they_are_looked_at() -> None:
    with pytest.raises(TooLarge, match="more than 2 MB"):
        read(bytes(MAX_BYTES + 1))


def test_an_animated_gif_is_its_first_frame() -> None:
    red, blue = Image.new("RGB", (9, 9), "red"), Image.new("RGB", (9, 9), "blue")
    image = read(saved(red, "GIF", save_all=True, append_images=[blue], duration=50))
    assert image.getpixel((4, 4)) == (255, 0, 0)
    assert not getattr(image, "is_animated", False)


def test_a_cmyk_jpeg_keeps_its_colours() -> None:
    image = read(saved(Image.new("RGB", (16, 16), (200, 30, 60)).convert("CMYK"), "JPEG"))
    assert np.abs(np.asarray(image).astype(int) - (200, 30, 60)).max() < 10


def test_a_16_bit_png_keeps_its_greys() -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None].repeat(4, 0)
    image = read(saved(Image.fromarray(ramp), "PNG"))
    assert np.abs(np.asarray(image)[0, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_a_dark_16_bit_png_stays_dark() -> None:
    image = read(saved(Image.fromarray(np.full((4, 4), 200, np.uint16)), "PNG"))
    assert np.asarray(image).max() <= 1


@pytest.mark.parametrize(("pixels", "expected"), [(np.float32(0.5), 128), (np.int32(32768), 128), (np.int32(200), 200)])
def test_a_float_or_32_bit_tiff_is_scaled_to_bytes(pixels: np.generic, expected: int) -> None:
    image = read(saved(Image.fromarray(np.full((4, 4), pixels)), "TIFF"))
    assert image.getpixel((0, 0)) == (expected,) * 3


def test_a_palette_png_with_alpha_lies_on_white() -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((3, 3), 1)
    result = read(saved(image, "PNG", transparency=b"\x00\xff"))
    assert result.getpixel((0, 0)) == (255, 255, 255)
    assert result.getpixel((3, 3)) == (0, 0, 255)


def test_half_transparent_black_is_grey() -> None:
    assert read(saved(Image.new("RGBA", (4, 4), (0, 0, 0, 128)), "PNG")).getpixel((0, 0)) == (127, 127, 127)


def test_a_rotated_photo_is_turned_upright_and_loses_its_metadata() -> None:
    image = picture()
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera of a person"
    upright = read(saved(image, "JPEG", exif=exif, quality=95, comment=b"secret"))
    assert upright.size == (32, 48)
    turned = np.asarray(image.transpose(Image.Transpose.ROTATE_270)).astype(int)
    assert np.abs(np.asarray(upright).astype(int) - turned).mean() < 3
    assert not upright.info
    for again in (encode_png(upright), encode_webp(upright)):
        assert b"Camera" not in again
        assert b"secret" not in again


def test_a_colour_profile_is_not_passed_on() -> None:
    image = Image.new("RGB", (4, 4))
    image.info["icc_profile"] = b"profile of my screen"
    assert b"iCCP" not in encode_png(image)
    assert b"ICCP" not in encode_webp(image)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_exif_does_not_cost_the_picture() -> None:
    assert read(saved(picture(), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff broken")).size == (48, 32)


def test_html_in_a_name_is_only_text() -> None:
    with pytest.raises(NotAnImage) as caught:
        read(b"x", "<script>alert(1)<&>.png")
    assert "<script>alert(1)<&>.png is not" in caught.value.detail  # pages escape it


def test_names_are_cut_to_a_printable_base_name() -> None:
    assert short_name("../../etc/passwd") == "passwd"
    assert short_name("C:\\photos\\cat\x00\n.png") == "cat.png"
    assert len(short_name("x" * 5000)) == 80
    assert short_name("///") == "picture"


@given(st.binary(max_size=400))
def test_arbitrary_bytes_raise_only_our_errors(data: bytes) -> None:
    try:
        image = read(data)
    except (NotAnImage, TooLarge):
        return
    assert image.mode == "RGB"


REAL_FILES = [
    saved(picture(), "PNG"),
    saved(picture().convert("P"), "PNG", transparency=3),
    saved(
        picture(), "JPEG", exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06"
    ),
    saved(picture().convert("CMYK"), "JPEG"),
    saved(picture(), "GIF", save_all=True, append_images=[picture(1)]),
    saved(picture(), "WEBP"),
    saved(picture(), "BMP"),
    saved(picture(), "TIFF", compression="tiff_lzw"),
    saved(Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8)), "TIFF"),
]


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=400, deadline=None)
@given(st.sampled_from(REAL_FILES), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=8))
def test_mutated_real_files_raise_only_our_errors(data: bytes, changes: list[tuple[int, int]]) -> None:
    broken = bytearray(data)
    for position, value in changes:
        # Half of the changes hit the first 200 bytes, where the headers are.
        at = position % (200 if position % 2 else len(broken))
        broken[min(at, len(broken) - 1)] = value
    try:
        image = read(bytes(broken))
    except (NotAnImage, TooLarge):
        return
    assert image.mode == "RGB"
    assert image.width * image.height <= MAX_PIXELS


def test_equal_pixels_have_one_id_whatever_the_file() -> None:
    image = picture()
    assert image_id(read(saved(image, "PNG"))) == image_id(read(saved(image, "BMP"))) == image_id(image)
    assert image_id(image) != image_id(picture(1))
    assert image_id(Image.new("RGB", (2, 8))) != image_id(Image.new("RGB", (8, 2)))


def test_png_and_lossless_webp_keep_every_pixel() -> None:
    image = picture()
    assert image_id(read(encode_png(image))) == image_id(read(encode_webp(image, lossless=True))) == image_id(image)


def test_near_duplicates_differ_in_few_bits_and_other_pictures_in_many() -> None:
    image = picture(size=(200, 160))
    copy = read(saved(image.resize((90, 70)), "JPEG", quality=60))
    assert (perceptual_hash(image) ^ perceptual_hash(copy)).bit_count() <= 4
    others = [(perceptual_hash(image) ^ perceptual_hash(picture(seed))).bit_count() for seed in range(1, 40)]
    assert min(others) > 8
    assert 0 <= perceptual_hash(image) < 2**64


def test_a_thumbnail_fits_and_is_never_enlarged() -> None:
    assert thumbnail(picture(size=(200, 100)), 50).size == (50, 25)
    assert thumbnail(picture(size=(20, 10)), 50).size == (20, 10)


@pytest.mark.parametrize(("mode", "left"), [("shortest", "lime"), ("squash", "red"), ("longest", "red")])
def test_a_square_is_what_the_resize_mode_keeps(mode: str, left: str) -> None:
    image = Image.new("RGB", (300, 100), "lime")
    ImageDraw.Draw(image).rectangle((0, 0, 60, 100), fill="red")
    view = square(image, 60, mode)
    assert view.size == (60, 60)
    assert view.getpixel((2, 30)) == Image.new("RGB", (1, 1), left).getpixel((0, 0))
    assert (view.getpixel((30, 2)) == (0, 0, 0)) == (mode == "longest")


def test_plain_files_and_zips_are_flattened_in_order() -> None:
    archive = zipped([("a/1.png", b"one"), ("a/b/2.png", b"two")])
    files = [("x.png", b"first"), ("set.zip", archive), ("y.png", io.BytesIO(b"last"))]
    assert unpacked(files) == [("x.png", b"first"), ("1.png", b"one"), ("2.png", b"two"), ("y.png", b"last")]


def test_names_that_climb_out_of_the_zip_are_reduced(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    archive = zipped([("../../evil.png", b"1"), ("/etc/passwd.png", b"2"), ("..\\..\\win.png", b"3")])
    assert [name for name, _ in unpacked([("set.zip", archive)])] == ["evil.png", "passwd.png", "win.png"]
    assert not list(tmp_path.rglob("*"))
    assert not list(tmp_path.parent.glob("evil.png"))


def test_nested_zips_folders_and_hidden_files_are_skipped() -> None:
    nested = zipped([("deep.png", b"deep")])
    entries = [
        ("a/", b""),
        ("inner.ZIP", nested),
        ("__MACOSX/._1.png", b"fork"),
        (".DS_Store", b"x"),
        ("1.png", b"one"),
    ]
    assert unpacked([("set.zip", zipped(entries))]) == [("1.png", b"one")]


def test_an_empty_zip_holds_nothing() -> None:
    assert unpacked([("set.zip", zipped([]))]) == []


def test_a_zip_bomb_is_stopped_by_what_comes_out() -> None:
    bomb = zipped([("bomb.png", bytes(50_000_000))])
    assert len(bomb) < 100_000
    with pytest.raises(TooLarge, match=r"bomb\.png has more than 10 kB"):
        unpacked([("set.zip", bomb)])


def test_an_entry_that_lies_about_its_size_is_measured() -> None:
    lying = bytearray(zipped([("bomb.png", bytes(50_000))]))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = lying.index(signature) + offset
        lying[at : at + 4] = struct.pack("<I", 100)
    with pytest.raises((TooLarge, NotAnImage)):
        unpacked([("set.zip", bytes(lying))])


def test_many_small_entries_are_stopped_by_their_total() -> None:
    with pytest.raises(TooLarge, match="more than 100 kB in all"):
        unpacked([("set.zip", zipped([(f"{i}.png", bytes(9000)) for i in range(12)]))])


def test_plain_files_count_towards_the_total() -> None:
    with pytest.raises(TooLarge, match="in all"):
        unpacked([(f"{i}.png", bytes(9000)) for i in range(12)])


def test_ten_thousand_files_are_refused_before_the_first_is_read() -> None:
    archive = zipped([(f"{i}.png", b"") for i in range(10_000)])
    for files in ([("set.zip", archive)], [(f"{i}.png", b"x") for i in range(10_000)]):
        stream = unpack(files, max_images=1000, max_bytes=10, max_total_bytes=100)
        with pytest.raises(TooLarge, match="more than 1,000 pictures; send at most 1,000"):
            next(stream)


def test_a_directory_of_a_hundred_thousand_entries_is_not_even_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zipped([(f"{i}", b"") for i in range(100_000)], zipfile.ZIP_STORED)
    monkeypatch.setattr(zipfile, "ZipFile", None)  # opening it would now fail in another way
    with pytest.raises(TooLarge):
        unpacked([("set.zip", archive)])


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressions_that_unpack_without_a_bound_are_refused(compression: int) -> None:
    with pytest.raises(NotAnImage, match="plain zip"):
        unpacked([("set.zip", zipped([("1.png", bytes(100))], compression))])


def test_a_protected_zip_is_refused() -> None:
    archive = bytearray(zipped([("1.png", b"secret")]))
    archive[archive.index(b"PK\x03\x04") + 6] |= 1
    archive[archive.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(NotAnImage, match="password"):
        unpacked([("set.zip", bytes(archive))])


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6), st.integers(0, 400))
def test_mutated_zips_raise_only_our_errors(changes: list[tuple[int, int]], cut: int) -> None:
    archive = bytearray(zipped([("a.png", b"abc" * 30), ("b/c.png", b"")]))
    for position, value in changes:
        archive[position % len(archive)] = value
    try:
        names = unpacked([("set.zip", bytes(archive[: len(archive) - cut]))])
    except (NotAnImage, TooLarge):
        return
    assert all("/" not in name for name, _ in names)
