"""NOTICE.md names every package that Facetscope runs with, under the licence that the package says it has."""

import importlib.metadata
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from app.settings import ROOT

NOTICE = (ROOT / "NOTICE.md").read_text()
ELSEWHERE = {"httpx2-jsfetch"}  # for Python inside of a browser
SILENT = {"cuda-toolkit", "locate"}  # the first only requires others, the second brings the text alone
NAMES = {"MPL": "Mozilla", "OFL": "Open Font", "PSF": "Python Software Foundation", "LicenseRef": "Proprietary"}
STRICT = {"GPL": "GPL", "MPL": "MPL", "Mozilla": "MPL", "EUPL": "EUPL", "CDDL": "CDDL", "Proprietary": "Proprietary"}
"""What asks for more than a notice, by the words for it."""


def recorded() -> dict[str, str]:
    """Licences by package."""
    table = re.search(r"^\| licence \| packages \|\n.*?\n\n", NOTICE, re.MULTILINE | re.DOTALL)
    assert table
    lines = re.findall(r"^\| (.+) \| (.+) \|$", table.group(), re.MULTILINE)[1:]
    return {name: licence for licence, names in lines for name in names.split(", ")}


def locked() -> set[str]:
    """The packages that the lock needs to run Facetscope, with what people may add."""
    packages: dict[str, Any] = {}
    for each in tomllib.loads((ROOT / "uv.lock").read_text())["package"]:
        packages.setdefault(each["name"], []).append(each)

    def needed(name: str, extras: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        for each in packages[name]:
            yield from each.get("dependencies", [])
            for extra in extras:
                yield from each.get("optional-dependencies", {}).get(extra, [])

    waiting = [("facetscope", ("postgres", "s3"))]
    waiting += [(each["name"], ()) for each in packages["facetscope"][0]["dev-dependencies"]["ray"]]
    seen = set(waiting)
    while waiting:
        for each in needed(*waiting.pop()):
            found = each["name"], tuple(each.get("extra", ()))
            if found not in seen:
                seen.add(found)
                waiting.append(found)
    return {name for name, _ in seen} - {"facetscope"} - ELSEWHERE


def said(name: str) -> str:
    """What an installed package says of its licence."""
    about: dict[str, Any] = importlib.metadata.metadata(name).json
    classifiers = [each for each in about.get("classifier", []) if each.startswith("License ::")]
    return " ".join([about.get("license_expression", ""), about.get("license", "")[:60], *classifiers])


def test_every_package_that_is_locked_is_named_and_no_other() -> None:
    assert recorded().keys() == locked()


def test_the_licences_are_those_that_the_packages_say() -> None:
    for name, licence in recorded().items():
        try:
            words = said(name)
        except importlib.metadata.PackageNotFoundError:  # for another system, or of an extra
            continue
        heads = [each.partition("-")[0] for each in re.split(r" (?:AND|OR|WITH) ", licence)]
        if name not in SILENT:
            assert all(head in words or NAMES.get(head, "?") in words for head in heads), (name, licence, words)
            assert all(head in licence for word, head in STRICT.items() if word in words), (name, licence, words)


@pytest.mark.parametrize("word", ["GPL", "MPL", "Proprietary"])
def test_what_asks_for_more_than_a_notice_is_explained(word: str) -> None:
    strict = [name for name, licence in recorded().items() if word in licence]
    words = NOTICE.partition("Those that ask for more than a notice:")[2]
    assert strict and all(name.partition("-")[0] in words.lower() for name in strict if name != "cuda-toolkit"), strict
