"""Whatever is sent, only errors of ours come out: pictures, zips, JSON, and the fields of every form."""

import io
import json
import random
import time
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.errors import FacetscopeError
from app.images import decode, unpack
from app.spec import FINDINGS, RenderSpec, TableSpec
from app.web import forms
from app.web.boxes import box_of
from tests.fuzzing import examples

pytestmark = pytest.mark.fuzz

KINDS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")
TEXT_S = 10.0


def picture_file(kind: str, mode: str, frames: int = 1) -> bytes:
    """A real file with everything that decoders stumble over: EXIF, a palette, transparency, several frames."""
    noise = Image.frombytes("RGB", (24, 16), random.Random(0).randbytes(24 * 16 * 3)).convert(mode)
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a picture"
    more = {"save_all": True, "append_images": [noise] * (frames - 1)} if frames > 1 else {}
    noise.save(out, kind, exif=exif, **more) if kind not in ("GIF", "BMP") else noise.save(out, kind, **more)
    return out.getvalue()


PICTURES = [
    *(picture_file(kind, mode) for kind in KINDS for mode in ("RGB", "L")),
    *(picture_file("PNG", mode) for mode in ("1", "P", "RGBA", "I;16")),
    *(picture_file("TIFF", mode) for mode in ("1", "F", "I", "CMYK", "RGBA")),
    *(picture_file(kind, "P" if kind == "GIF" else "RGBA", frames=3) for kind in ("GIF", "WEBP", "PNG")),
]


def archive(compression: int) -> bytes:
    """A zip with a picture, a folder and a name that is not ASCII."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        file.writestr("a.png", PICTURES[0])
        file.writestr("folder/\u00fc.jpg", PICTURES[2])
    return out.getvalue()


ARCHIVES = [archive(zipfile.ZIP_STORED), archive(zipfile.ZIP_DEFLATED)]
Change = tuple[str, int, bytes]
CHANGES = st.lists(
    st.tuples(st.sampled_from(["put", "cut", "insert"]), st.integers(0, 2000), st.binary(min_size=1, max_size=8)),
    min_size=1,
    max_size=8,
)


def changed(data: bytes, changes: list[Change]) -> bytes:
    """The bytes with some of them put in the place of others, cut out, or inserted."""
    found = bytearray(data)
    for how, place, new in changes:
        at = place % (len(found) + 1)
        found[at : at + (0 if how == "insert" else len(new))] = b"" if how == "cut" else new
    return bytes(found)


@given(st.sampled_from(PICTURES), CHANGES)
@examples(150)
def test_damaged_pictures(data: bytes, changes: list[Change]) -> None:
    with suppress(FacetscopeError):
        image = decode(changed(data, changes), name="a.png", max_bytes=10**6, max_pixels=10**6)
        assert image.mode == "RGB" and image.width * image.height <= 10**6 and not image.info


@given(st.sampled_from(ARCHIVES), CHANGES)
@examples(150)
def test_damaged_zips(data: bytes, changes: list[Change]) -> None:
    with suppress(FacetscopeError):
        files = unpack([("a.zip", changed(data, changes))], max_images=5, max_bytes=10**4, max_total_bytes=10**5)
        assert sum(len(each) for _, each in files) <= 10**5


LONG = [" " * 9000, "1" * 9000, "1 " * 4500, "-" * 9000, "1," * 4500, "<" * 9000, "\n" * 9000, "{}" * 4500, "(a" * 4500]
TEXTS = st.text(max_size=40) | st.sampled_from(
    [*LONG, "nan", "1e999", "9" * 40, "\x00", "381 + 0.5*17", "{}", "a {} b"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.sampled_from([10**400, -1]) | st.floats() | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)
PARSERS: dict[str, tuple[Callable[[Mapping[str, Any]], Any], type[Any]]] = {
    "render": (forms.parse_spec, RenderSpec),
    "table": (forms.parse_table, TableSpec),
    **{kind: (forms.parse_finding, spec) for kind, spec in FINDINGS.items()},
}


@given(st.data())
@examples(40)
@pytest.mark.parametrize("kind", PARSERS)
def test_fields_of_a_form(kind: str, data: st.DataObject) -> None:
    parse, spec = PARSERS[kind]
    base = {"model": "m", "layer": "l", "unit": 3} | ({"kind": kind} if kind in FINDINGS else {})
    names = st.sampled_from([*spec.model_fields, "mix.a"])
    began = time.monotonic()
    with suppress(FacetscopeError):
        found = parse({**base, **data.draw(st.dictionaries(names, VALUES, min_size=1, max_size=3))})
        if not isinstance(found, TableSpec):
            assert type(found).model_validate_json(found.canonical()) == found
    assert time.monotonic() - began < TEXT_S, "a pattern that tries again and again"


JSON = st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode())
NESTED = [
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"a": "\\ud800"}',
    b'{"a": ' + b"1" * 5000 + b"}",
    "{}".encode("utf-16"),
]


@given(JSON | st.sampled_from(NESTED))
@examples(100)
def test_json_bodies(body: bytes) -> None:
    with suppress(FacetscopeError):
        assert str(forms.read_json(body)).encode()


@given(*[TEXTS] * 5)
@examples(60)
def test_boxes(box: str, x0: str, y0: str, x1: str, y1: str) -> None:
    with suppress(FacetscopeError):
        assert all(0 <= side <= 1 for side in box_of(box, x0, y0, x1, y1) or ())
