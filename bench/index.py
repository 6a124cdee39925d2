"""What building an index costs beyond the model: its speed beside the bare forward pass, and its memory as it grows.

The build reads files, decodes, brings pictures to the model's size, measures, reduces and writes; the bare pass has its
tensors ready and runs the model as far as the deepest layer that is indexed, in passes of the same size, on as many
threads. Both run in turn, half of the bare pass before the build and half behind it, so a busy machine slows both.
"""

import io
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from app.clip import registry
from app.clip.clip import Clip
from app.clip.taps import run
from app.corpus.build import build
from app.corpus.layers import default_layers
from app.corpus.partition import GROUP
from app.corpus.pictures import decoded
from app.corpus.sources import Source, open_source
from app.settings import ROOT
from bench.cost import random_clip
from bench.rows import Row, Tell

ROUNDS = 3
FEW, MANY = 2000, 20_000
PICTURES = {"RN50": (256, (500, 375)), "iconclip": (2048, (96, 96))}  # how many, of what size in px
LOAD = {"RN50": random_clip, "iconclip": lambda: registry.load(registry.entry("iconclip"), registry.RELEASE, "cpu")}
PEAK = """
import sys
from pathlib import Path
from bench.index import LOAD, build, open_source, torch
torch.set_num_threads(1)
build(LOAD["iconclip"](), open_source(sys.argv[1]), "peak", None, Path(sys.argv[2]))
print(Path("/proc/self/status").read_text())
"""


def photo(seed: int, size: tuple[int, int]) -> Image.Image:
    """A picture with detail coarse and fine, so that decoding it costs what a photograph of its size does."""
    width, height = size
    draw = np.random.default_rng(seed)
    coarse = Image.fromarray(draw.integers(0, 256, (24, 32, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC)).astype(np.int16)
    grain = draw.integers(-12, 13, (height, width, 1))
    return Image.fromarray((smooth + grain).clip(0, 255).astype(np.uint8))


def write_photos(folder: Path, count: int, size: tuple[int, int]) -> Source:
    """So many pictures in a folder, JPEG and WebP by turns."""
    folder.mkdir(parents=True)
    for number in range(count):
        photo(number, size).save(folder / f"{number:06d}.{('jpg', 'webp')[number % 2]}", quality=90)
    return open_source(str(folder))


def write_shard(path: Path, count: int, distinct: int = 256) -> None:
    """So many small pictures in a tar file; every so many the same ones come again, under other names."""
    files = []
    for number in range(distinct):
        buffer = io.BytesIO()
        photo(number, (80, 64)).save(buffer, "JPEG")
        files.append(buffer.getvalue())
    with tarfile.open(path, "w") as archive:
        for number in range(count):
            info = tarfile.TarInfo(f"{number:06d}.jpg")
            info.size = len(files[number % distinct])
            archive.addfile(info, io.BytesIO(files[number % distinct]))


def _prepared(clip: Clip, source: Source) -> Iterator[Tensor]:
    pictures = [image for _, image in decoded(source, clip.fit) if isinstance(image, Image.Image)]
    return iter(clip.tensors(pictures).split(GROUP))


@torch.no_grad()
def _bare_s(clip: Clip, passes: Sequence[Tensor]) -> float:
    layers, start = default_layers(clip), time.perf_counter()
    for rgb in passes:
        run(clip, rgb, layers)
    return time.perf_counter() - start


def _build_s(clip: Clip, source: Source, place: Path) -> float:
    start = time.perf_counter()
    build(clip, source, place.name, None, place)
    return time.perf_counter() - start


def _decode_s(clip: Clip, source: Source) -> float:
    start = time.perf_counter()
    for _ in decoded(source, clip.fit):
        pass
    return time.perf_counter() - start


def speed(name: str, folder: Path, tell: Tell, goal: float | None) -> Row:
    """How fast the index of some pictures is built, of the speed of the bare forward pass."""
    count, size = PICTURES[name]
    tell(f"{name}: {count} pictures")
    clip, source = LOAD[name](), write_photos(folder / name, count, size)
    source.count  # noqa: B018 - the pictures' hash, which a build wants once, is no part of its speed
    passes = list(_prepared(clip, source))
    half = len(passes) // 2
    _bare_s(clip, passes[:1])  # the first pass allocates
    bare, built, decoding = [], [], []
    for number in range(ROUNDS):
        tell(f"{name}: round {number + 1} of {ROUNDS}")
        before = _bare_s(clip, passes[:half])
        built.append(_build_s(clip, source, folder / f"{name}-{number}"))
        bare.append(before + _bare_s(clip, passes[half:]))
        decoding.append(_decode_s(clip, source))
    ratio = median(b / i for b, i in zip(bare, built, strict=True))
    each = ", ".join(
        f"{what} {count / median(times):.0f}/s"
        for what, times in (("built", built), ("bare", bare), ("decoding alone", decoding))
    )
    about = f"{count} pictures of {size[0]} x {size[1]} px, JPEG and WebP; {torch.get_num_threads()} threads of torch"
    return Row(f"index.{name}", ratio, "of the bare pass", goal, f"{each}; {about}; median of {ROUNDS} rounds")


def peak_mb(images: int, folder: Path) -> float:
    """The most memory that a process of its own takes for an index of so many images, in MB.

    From `VmHWM`, since what `getrusage` says begins with the memory of the process that started it.
    """
    shard = folder / f"{images}.tar"
    write_shard(shard, images)
    words = [sys.executable, "-c", PEAK, str(shard), str(folder / f"index-{images}")]
    said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return int(re.findall(r"VmHWM:\s+(\d+) kB", said)[0]) / 1024


def memory(folder: Path, tell: Tell) -> Row:
    """Whether ten times as many images take more memory."""
    peaks = []
    for images in (FEW, MANY):
        tell(f"memory of {images:,} images")
        peaks.append(peak_mb(images, folder))
    note = f"iconclip, {MANY:,} images over {FEW:,}: {peaks[1]:.0f} / {peaks[0]:.0f} MB"
    return Row("index.memory", peaks[1] / peaks[0], "of its peak", 1.05, note, most=True)


def measure(tell: Tell) -> list[Row]:
    """Both speeds and the memory."""
    threads = torch.get_num_threads()
    torch.set_num_threads(max(threads - 1, 1))  # as the application does: the last core decodes
    try:
        with tempfile.TemporaryDirectory(prefix="facetscope-bench-") as place:
            folder = Path(place)
            return [
                speed("RN50", folder, tell, 0.85),
                speed("iconclip", folder, tell, 0.85),
                memory(folder, tell),
            ]
    finally:
        torch.set_num_threads(threads)
