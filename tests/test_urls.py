"""Addresses: whatever a name has in it is found again by whoever reads the address."""

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import urls
from tests.fuzzing import examples

NAMES = [
    "iconclip",
    "layer4.1",
    "small@/models/a b.pt",
    "a/b",
    "ä",
    "?q=1&r",
    "#",
    "",
    "..",
    "a:b@c",
    "+",
    "50%",
    "50%25",
    "a%2Fb",
]
text = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(NAMES)


@given(text, text, st.integers(0, 9999))
@examples(100)
def test_every_segment_is_found_again(slug: str, layer: str, unit: int) -> None:
    path = urls.unit(slug, layer, unit)
    assert path.isascii() and not {"?", "#", " "} & {*path}
    # the server undoes one quoting of the path, `app.web.scope` another one of a name
    assert [unquote(unquote(each)) for each in path.split("/")] == ["", "models", slug, layer, str(unit)]


@given(st.dictionaries(st.sampled_from(["q", "facet", "corpus"]), text | st.none() | st.integers() | st.floats()))
@examples(100)
def test_every_value_of_a_query_is_found_again(query: dict[str, str | int | float | None]) -> None:
    address = urls.with_query("/search", **query)
    expected = {name: str(value) for name, value in query.items() if value not in (None, "")}
    assert dict(parse_qsl(urlsplit(address).query)) == expected
    assert address.startswith("/search") and ("?" in address) == bool(expected)


@pytest.mark.parametrize(
    ("name", "path"),
    [("layer4.1", "layer4.1"), ("a/b", "a%252Fb"), ("50%", "50%2525"), ("ä b", "%C3%A4%20b"), ("a:b@c", "a:b@c")],
)
def test_a_slash_and_a_percent_sign_are_quoted_twice_and_plain_text_not_at_all(name: str, path: str) -> None:
    assert urls.layer("iconclip", name) == f"/models/iconclip/{path}"
