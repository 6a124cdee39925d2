"""Build by the Dockerfile, start, ask, stop, look inside; exit 1 at the first thing that is not as it should be."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from bench.container.contents import files, parts, unwanted
from bench.container.dockerfile import Failed, Stage, context, health, stages, start, tracked, volumes
from bench.container.image import Image
from bench.container.running import Container, running

CHECKOUT = Path(__file__).parents[2]
SCRATCH = Path("/tmp/container-root")
ROOM = 20 * 10**9
BASE = ("python3", "python3-venv", "ca-certificates")  # what python:slim has of what we need
PAGES = ["/", "/models/iconclip/layer4.1/381", "/models/iconclip/layer4.1/381.json", "/models/iconclip/card", "/lab"]
ENDED = (0, 128 + 15)
console = Console(soft_wrap=True, highlight=False, markup=False)


@contextmanager
def timed(what: object) -> Iterator[None]:
    """Say how long something took."""
    begun = time.monotonic()
    yield
    console.print(f"{time.monotonic() - begun:7.1f} s  {what}")


def base(root: Path) -> None:
    """A clean Debian in place of python:slim, which is Debian with another Python."""
    wanted = ["--variant=minbase", f"--include={','.join(BASE)}", "bookworm", str(root)]
    with timed("debootstrap"):
        done = subprocess.run(["debootstrap", *wanted], capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"debootstrap: {done.stdout[-2000:]}{done.stderr}")


def build(plan: list[Stage], clean: Path, given: list[str]) -> Image:
    """Follow every stage on a copy of the clean root; the last one is the image."""
    made: dict[str, Image] = {}
    image = Image(clean)
    for number, stage in enumerate(plan):
        image = made[stage.name or str(number)] = Image(SCRATCH / f"stage{number}")
        console.print(f"           FROM {stage.base}, for which Debian's own Python stands")
        subprocess.run(["cp", "--archive", clean, image.root], check=True)
        for step in stage.steps:
            with timed(step):
                image.follow(step, made, CHECKOUT, given)
    return image


def try_out(container: Container, stage: Stage) -> None:
    """Wait for the health check, ask pages, stop."""
    begun, check = container.ready(health(stage))
    console.print(
        f"{begun:7.1f} s  until the health check passed, which takes {check:.1f} s, as {container.image.user}"
    )
    console.print(container.ask(PAGES).rstrip())
    code, seconds = container.stop()
    console.print(f"{seconds:7.1f} s  from SIGTERM to the end, with exit code {code}")
    if code not in ENDED:
        raise Failed(f"At SIGTERM the server ended with exit code {code}.")


def look_inside(image: Image, clean: Path) -> None:
    """Print what is large, and refuse what should not be there."""
    there = files(clean)
    added = {name: size for name, size in files(image.root).items() if name not in there}
    console.print(f"{sum(added.values()) / 1e9:7.2f} GB added to a base of {sum(there.values()) / 1e9:.2f} GB")
    for name, size in parts(added).most_common(10):
        console.print(f"{size / 1e6:7.0f} MB  {name}")
    if wrong := unwanted(image.root, added, image.workdir, tracked(CHECKOUT)):
        raise Failed(f"{len(wrong)} files should not be in the image: {', '.join(wrong[:20])}")


def prove() -> None:
    """All of it, in a folder that is made for it."""
    plan = stages((CHECKOUT / "Dockerfile").read_text())
    given = context(CHECKOUT)
    base(SCRATCH / "base")
    image = build(plan, SCRATCH / "base", given)
    look_inside(image, SCRATCH / "base")
    with running(image, start(plan[-1]), volumes(plan[-1]), SCRATCH) as container:
        try:
            try_out(container, plan[-1])
        finally:
            console.print(container.said())


def main() -> int:
    """Answers the exit code: 0 if the image is as it should be, 1 if not, 2 where it cannot be tried."""
    if os.getuid() or not shutil.which("debootstrap"):
        console.print("This needs root and debootstrap (apt-get install debootstrap); the product needs neither.")
        return 2
    if SCRATCH.exists() or shutil.disk_usage(SCRATCH.parent).free < ROOM:
        console.print(f"{SCRATCH} must not exist yet, and have room for {ROOM / 1e9:.0f} GB.")
        return 2
    SCRATCH.mkdir()
    try:
        prove()
    except Failed as error:
        console.print(f"Failed: {error}")
        return 1
    finally:
        shutil.rmtree(SCRATCH)  # nothing is mounted here: mounts end with the namespaces that made them
    return 0


if __name__ == "__main__":
    sys.exit(main())
