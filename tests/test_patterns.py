"""Regular expressions take a time that grows as what they are given does, whatever that is: nobody stalls the server with one."""

import ast
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from app.errors import BadInput
from app.lab.composition import word_list
from app.lab.expression import parse
from app.lab.sensitive import sensitive
from app.lab.top_words import pasted
from app.microscope import notes
from app.microscope.spoken import named
from app.settings import ROOT
from app.spec.direction import parse_direction
from app.spec.lines import items
from app.spec.wild import parse_called
from app.web.access import needed
from app.web.prose import prose

LONG = 50_000  # characters: steps in their square would take many seconds
FIELD = 1_000_000  # about what a form's field may have
ADDRESS = 100_000  # more than a head may have
NOTE = notes.LONGEST
MOST_S = 10.0
PIECES = [
    *" \t\n-/<>_.,;*+=|0a\u2212",
    *(
        "- ",
        " -",
        "1 ",
        "1*",
        "1.",
        "a ",
        "a-",
        "a,",
        "/a",
        "<!--",
        "<a ",
        "<!---->",
        "---\n",
        "--- ",
        "layer1.",
        "image_block_1_1",
    ),
    *("[", "![", "](", "*a", "`a", "> ", "|a", "&#", "[a](", "<!", "[a]: /b\n"),
    *("0123456789abcdef", "renders/", "http://", "\n---", "license:", "a.webp", "OpenAI ", "a visual.", "1e1"),
]


def patterns() -> Iterator[Any]:
    """Every pattern that stands in the code."""
    for path in sorted((ROOT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not ast.unparse(node.func).startswith("re."):
                continue
            if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                flags = [ast.unparse(each) for each in (*node.args[1:], *(each.value for each in node.keywords))]
                said = next((each for each in flags if each.startswith("re.")), "0")
                yield pytest.param(node.args[0].value, eval(said, {"re": re}), id=f"{path.stem}:{node.lineno}")


@pytest.mark.parametrize(("pattern", "flags"), list(patterns()))
def test_patterns(pattern: str, flags: int) -> None:
    compiled = re.compile(pattern, flags)
    for piece in PIECES:
        text = (piece * LONG)[:LONG] + "\0"
        began = time.thread_time()
        for _ in compiled.finditer(text):
            pass
        compiled.fullmatch(text)
        assert time.thread_time() - began < MOST_S, repr(piece)


READ = {
    "direction": parse_direction,
    "sum": parse,
    "list": items,
    "names": parse_called,
    "words": word_list,
    "drawn words": pasted,
    "search": lambda text: named(text[:ADDRESS], ["a polar bear", "a b c"]),
    "label": lambda text: sensitive([text[:NOTE]]),
    "address": lambda text: needed("POST", f"/models/{text[:ADDRESS]}"),
    "note": lambda text: prose(text[:NOTE]),
}


@pytest.mark.parametrize("what", READ)
def test_what_reads_a_field(what: str) -> None:
    for piece in PIECES:
        began = time.thread_time()
        with suppress(BadInput, ValueError):
            READ[what]((piece * FIELD)[:FIELD] + "\0")
        assert time.thread_time() - began < MOST_S, repr(piece)
