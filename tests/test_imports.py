"""The arrows of import point one way: the table of `docs/architecture.md`, enforced."""

import ast
from pathlib import Path

import pytest

APP = Path(__file__).parent.parent / "app"
BASE = {"settings", "errors", "spec", "urls", "answers", "whole"}
MODEL = BASE | {"images", "clip"}
ALLOWED = {
    "settings": set(),
    "errors": set(),
    "spec": set(),
    "urls": set(),
    "answers": {"spec"},
    "whole": {"errors"},
    "progress": set(),
    "job": set(),
    "worker": {"job"},
    "images": BASE,
    "clip": BASE | {"images"},
    "corpus": MODEL,
    "facets": MODEL | {"corpus"},
    "render": MODEL | {"facets"},
    "lab": MODEL | {"corpus"},
    "demo": MODEL | {"corpus", "facets", "render", "progress"},
    "store": {"spec", "errors", "settings", "whole"},
    "microscope": MODEL | {"corpus", "facets", "lab", "render", "job", "worker", "store"},
    "web": BASE | {"microscope"},
    "publish": BASE | {"corpus", "progress", "microscope", "web"},
    "cli": MODEL | {"corpus", "lab", "render", "demo", "progress", "store", "microscope", "web", "publish"},
    "__main__": {"cli"},
}


def module_of(path: Path) -> str:
    return path.relative_to(APP).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """The modules of ours that a file imports, by their name below `app`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            parts = (node.module or "").split(".")
            if parts[0] == "app":
                names |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("app.")}
    return names


FILES = sorted(path for path in APP.rglob("*.py") if path.parent != APP or path.name != "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(APP)))
def test_a_module_imports_only_what_its_row_allows(path: Path) -> None:
    own = module_of(path)
    forbidden = imported(path) - ALLOWED[own] - {own}
    assert not forbidden, f"app/{path.relative_to(APP)} may not import {sorted(forbidden)}"


def test_the_web_never_imports_torch() -> None:
    for path in (APP / "web").rglob("*.py"):
        names = [
            ast.unparse(node)
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        assert not [name for name in names if "torch" in name], path
