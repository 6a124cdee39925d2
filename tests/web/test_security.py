"""The table of `docs/security.md` is of the routes that there are, and says what the rules say."""

import re
from collections.abc import Iterable

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from app.settings import ROOT, Settings
from app.web.access import RULES, needed
from app.web.app import create_app

LINE = re.compile(r"^\| `(GET|POST|PUT|PATCH|DELETE) (\S+)` \| (\w+) \| (.*) \| (.+) \|$", re.MULTILINE)
SUFFIXES = ("json", "csv", "webp", "png")
OLD = "/models/contrastive_"  # addresses of OpenAI Microscope, all of which only redirect


def routes(app: FastAPI) -> set[tuple[str, str]]:
    """The method and path of every route, and of what is mounted."""
    found = {("GET", "/static/{path:path}")}
    for each in iter_route_contexts(app.routes):
        if each.path != "/static":
            found |= {(method, each.path or "") for method in each.methods or {"any method"} if method != "HEAD"}
    return found


def lines(found: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """The same as lines of the table: a page stands for its twin, one old address for all."""
    found = {(method, f"{OLD}{{rest:path}}" if path.startswith(OLD) else path) for method, path in found}
    return {
        (method, path)
        for method, path in found
        if (method, path.removesuffix(".json") or "/") not in found - {(method, path)}
    }


def written() -> dict[tuple[str, str], tuple[str, str, str]]:
    """The table: by method and path, who may, the limits, the tests."""
    text = (ROOT / "docs" / "security.md").read_text()
    return {(method, path): (who, limits, tests) for method, path, who, limits, tests in LINE.findall(text)}


def test_every_route_that_changes_something_has_a_rule_and_every_rule_a_route(settings: Settings) -> None:
    there = {f"{method} {path}" for method, path in routes(create_app(settings))}
    assert {rule for rule in there if not rule.startswith("GET ")} - RULES.keys() == set(), "say who may in access.py"
    assert RULES.keys() - there == set()


def test_the_table_has_every_route_and_no_other(settings: Settings) -> None:
    assert written().keys() == lines(routes(create_app(settings)))


def test_the_table_says_who_may() -> None:
    for (method, path), (who, _, _) in written().items():
        assert who == (needed(method, path) or "everybody"), path


def test_the_table_names_limits_that_there_are() -> None:
    for _, limits, _ in written().values():
        assert set(re.findall(r"`(\w+)`", limits)) <= Settings.model_fields.keys()


def test_the_table_names_tests_that_know_the_address() -> None:
    for (_, path), (_, _, tests) in written().items():
        files = re.findall(r"`([^`]+)`", tests)
        text = "".join((ROOT / "tests" / name).read_text() for name in files)
        words = [word for word in re.findall(r"[a-z][a-z-]+", re.sub(r"\{[^}]*\}", " ", path)) if word not in SUFFIXES]
        assert files and (not words or words[-1] in text), path
