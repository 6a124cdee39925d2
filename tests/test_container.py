"""What the proof of the container rests on; the proof itself is `make container`."""

import subprocess
from pathlib import Path

import pytest

from app.settings import ROOT
from bench.container.contents import files, parts, unwanted
from bench.container.dockerfile import context, health, stages, start, volumes
from bench.container.image import Image

TEXT = """# a comment
FROM debian:12 AS made
RUN one \\
    # between
    && two
FROM debian:12
COPY --from=made /a b
ENV PATH=/b:$PATH SAID="two words"
VOLUME /data
HEALTHCHECK --retries=3 CMD ["ask", "it"]
CMD serve now
"""


def test_a_dockerfile_is_read_as_docker_does() -> None:
    made, last = stages(TEXT)
    assert (made.base, made.name, last.name) == ("debian:12", "made", "")
    assert made.steps[0].argv == ["/bin/sh", "-c", "one      && two"]
    assert (last.steps[0].flags, last.steps[0].rest) == ({"from": "made"}, "/a b")
    assert (health(last), start(last), volumes(last)) == (["ask", "it"], ["/bin/sh", "-c", "serve now"], ["/data"])


def test_what_a_dockerfile_sets_and_copies_is_there(tmp_path: Path) -> None:
    (tmp_path / "checkout/app/web").mkdir(parents=True)
    (tmp_path / "checkout/app/web/a.py").write_text("a")
    (tmp_path / "checkout/LICENSE").write_text("yes")
    image = Image(tmp_path / "root", {"PATH": "/bin"})
    (stage,) = stages('FROM x\nWORKDIR /srv\nCOPY app app\nCOPY LICENSE ./\nENV PATH=/srv:$PATH SAID="two words"')
    for step in stage.steps:
        image.follow(step, {}, tmp_path / "checkout", ["LICENSE", "app/web/a.py"])
    assert files(image.root) == {"srv/app/web/a.py": 1, "srv/LICENSE": 3}
    assert image.env == {"PATH": "/srv:/bin", "SAID": "two words"}


def test_what_lies_about_in_a_checkout_is_held_out_of_the_image(tmp_path: Path) -> None:
    """By the .dockerignore that we have; a file that nobody thought of is let through and found."""
    strays = [".env", "app/.env", "app/__pycache__/a.pyc", "app/key.pem", "data/x.sqlite3", ".venv/bin/python"]
    for name in ["app/a.py", "app/stray.txt", "tests/test_a.py", "bench/a.py", *strays]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / ".dockerignore").write_text((ROOT / ".dockerignore").read_text())
    for command in ("init -q", "add app/a.py tests/test_a.py"):
        subprocess.run(["git", "-C", tmp_path, *command.split()], check=True)
    assert context(tmp_path) == [".dockerignore", "app/a.py", "app/stray.txt"]
    assert unwanted(tmp_path, ["srv/app/a.py", "srv/app/stray.txt"], "/srv", ["app/a.py"]) == ["srv/app/stray.txt"]


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("srv/tests/test_a.py", ""),
        ("srv/.git/HEAD", ""),
        ("srv/.venv/lib/a/.env", ""),
        ("srv/.venv/lib/a/key.pem", "-----BEGIN PRIVATE KEY-----"),
        ("home/someone/.cache/a", ""),
        ("root/a", ""),
        ("data/a", ""),
    ],
)
def test_what_has_no_business_in_an_image_is_found(tmp_path: Path, name: str, holds: str) -> None:
    wanted = ["srv/app/a.py", "srv/.venv/lib/a/tests/b.py", "srv/.venv/lib/a/cacert.pem", "etc/passwd-"]
    for each in [name, *wanted]:
        (tmp_path / each).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / each).write_text(holds if each == name else "-----BEGIN CERTIFICATE-----")
    assert unwanted(tmp_path, files(tmp_path), "/srv", ["app/a.py", "tests/test_a.py"]) == [name]


def test_sizes_are_those_of_packages_and_of_folders() -> None:
    sizes = {"srv/.venv/lib/site-packages/torch/a/b.so": 5, "srv/.venv/lib/site-packages/torch/c.py": 2, "srv/app/d": 1}
    assert parts(sizes) == {"site-packages/torch": 7, "srv/app": 1}
