"""How long the pages of a unit take where the corpus has a million images and the layer 2,560 units, and in what memory.

The index is made up: its columns, rows, labels and tables are in the application's own formats and written by its own
writers wherever these are quick enough, and the model is random, with a last layer of that width. What answers is
`python -m app serve` in a process of its own, asked over HTTP for the JSON twins, one request at a time.
"""

import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import torch
from numpy.typing import NDArray

from app.clip import registry
from app.clip.clip import Clip
from app.clip.taps import activations
from app.corpus.alike import recording
from app.corpus.build import write_tables
from app.corpus.categories import CategoryWriter
from app.corpus.column_writer import ColumnWriter
from app.corpus.columns import FOLDER, Columns, encode
from app.corpus.draws import DrawWriter
from app.corpus.fingerprint import SIZE, PrintWriter
from app.corpus.index import Index
from app.corpus.manifest import IndexManifest, preprocessing
from app.corpus.reduce import REDUCER_VERSION, Batch
from app.corpus.rows import RowWriter
from app.corpus.sources import Item, open_source
from app.corpus.tables import Tables
from app.images import encode_webp
from bench.index import photo, write_shard
from bench.rows import Row, Tell
from bench.server import Server, serving
from tests.tiny import CONFIG, tiny_hub_folder

IMAGES, UNITS = 1_000_000, 2560
LAYER = "layer4.0"
SAMPLED = 8192  # images that the tables are reduced from: all of them would take an hour, and none of it is measured
PICTURES = 256  # that are there; every so many images have the same one
LABELS = {"concept": 1000, "family": 12, "kind": 6}
PAGES, QUESTIONS = 120, 40  # memory is judged by RSS, which pages of mapped files count to
WIDE: dict[str, Any] = {
    **CONFIG,
    "model_cfg": {
        **CONFIG["model_cfg"],
        "embed_dim": 640,
        "vision_cfg": {"layers": [1, 1, 1, 1], "width": UNITS // 32, "image_size": 64},
    },
}


def source(folder: Path, images: int) -> Iterator[Item]:
    """So many images, which share a few real pictures; their labels are drawn evenly."""
    write_shard(folder / "pictures.tar", PICTURES)
    real = list(open_source(str(folder / "pictures.tar")))
    draw = np.random.default_rng(1)
    labels = {name: draw.integers(0, count, images).tolist() for name, count in LABELS.items()}
    for number in range(images):
        record = {name: f"{name} {values[number]}" for name, values in labels.items()}
        locator = real[number % PICTURES].locator
        yield Item(f"pictures/{number:07d}", locator, folder, {"caption": f"image {number}", **record})


def write_index(clip: Clip, place: Path, tell: Tell, images: int = IMAGES) -> Index:
    """An index of the model's last layer and its columns."""
    units = clip.layers[LAYER].channels
    place.mkdir(parents=True)
    (place / FOLDER).mkdir()
    categories = CategoryWriter(images)
    concepts = np.empty(images, np.int32)
    tell("rows")
    with RowWriter(place) as rows:
        items = source(place, images)
        start = 0
        while batch := list(islice(items, 10_000)):
            rows.add(batch)
            for number, item in enumerate(batch, start):
                categories.add(number, item.record)
                concepts[number] = int(item.record["concept"].split()[1])
            start += len(batch)
    categories.write(place / FOLDER)
    sampled = np.linspace(0, images - 1, min(SAMPLED, images)).astype(np.int64)
    chosen = np.empty((len(sampled), units), np.float32)
    ranges = np.empty((units, 2), np.float32)
    draw = np.random.default_rng(2)
    noise = draw.standard_normal(images, np.float32)
    writer = ColumnWriter(place / FOLDER, "bench", images, {LAYER: ranges})
    with (place / FOLDER / f"{LAYER}.npy").open("r+b") as file:
        for unit in range(units):
            if unit % 64 == 0:
                tell(f"columns: unit {unit} of {units}")
            column = _column(noise, concepts, draw)
            ranges[unit] = column.min(), column.max()
            chosen[:, unit] = column[sampled]
            chosen[[0, -1], unit] = ranges[unit]  # the tables know the very range
            file.seek(writer.starts[LAYER] + 2 * unit * images)
            file.write(encode(column[:, None], ranges[unit : unit + 1]).tobytes())
    writer.ranges[LAYER], writer.written = ranges, images
    writer.finish()
    tell("tables")
    tables = Tables(units)
    places = draw.integers(0, 4, chosen.shape).astype(np.int32)
    seen = Batch(torch.from_numpy(sampled), torch.from_numpy(chosen), torch.from_numpy(places))
    tables.update(seen)
    draws = DrawWriter(ranges)
    draws.add(seen.ids, seen.values, seen.places)
    draws.write(place / FOLDER, LAYER)
    prints = PrintWriter(place / FOLDER, images)
    for start in range(0, images, 10_000):
        prints.add(draw.integers(0, 256, (min(10_000, images - start), SIZE), np.uint8))
    write_tables(tables.state(), place, LAYER)
    manifest(clip, place, images).write(place)
    index = Index.open(place, clip=clip)
    for done, total in recording(Columns.open(place / FOLDER, index)):
        tell(f"units alike: {done} of {total}")
    return index


def _column(noise: NDArray[np.float32], concepts: NDArray[np.int32], draw: np.random.Generator) -> NDArray[np.float32]:
    """A unit that some concepts drive, in noise that is another's shifted."""
    pull = np.where(draw.random(LABELS["concept"]) < 0.02, draw.exponential(2, LABELS["concept"]), 0)
    column = np.roll(noise, int(draw.integers(len(noise))))
    column += pull.astype(np.float32)[concepts]
    return column


def manifest(clip: Clip, place: Path, images: int) -> IndexManifest:
    return IndexManifest(
        name=place.name,
        key="bench",
        model=clip.slug,
        weights_hash=clip.weights_hash,
        preprocessing=preprocessing(clip),
        corpus_hash="bench",
        reducer_version=REDUCER_VERSION,
        source="made up",
        root=place,
        images=images,
        skipped=0,
        refused=(),
        layers=(LAYER,),
    )


def p95(times: list[float]) -> float:
    return sorted(times)[-(-95 * len(times) // 100) - 1]


def encoder_ms(ask: Callable[[], object]) -> float:
    """The median time of the model's own part."""
    times = []
    for _ in range(15):
        start = time.perf_counter()
        ask()
        times.append(1000 * (time.perf_counter() - start))
    return sorted(times)[len(times) // 2]


def questions(server: Server, clip: Clip, tell: Tell) -> list[Row]:
    """Ask for all of it."""
    draw = random.Random(3)
    unit_url = f"/models/wide/{LAYER}/{{}}"
    numbers = draw.sample(range(UNITS), PAGES)
    before = server.memory_mb()
    first = server.get(unit_url.format(numbers[0]) + ".json")[0]
    tell("unit pages")
    once = [server.get(unit_url.format(unit) + ".json")[0] for unit in numbers[1:]]
    again = [server.get(unit_url.format(unit) + ".json")[0] for unit in numbers[1:]]
    tell("conditional plots")
    given = []
    for unit in draw.sample(range(UNITS), QUESTIONS):
        name, count = draw.choice([*LABELS.items()])
        value = quote(f"{name} {draw.randrange(count)}")
        given.append(server.get(f"{unit_url.format(unit)}/given.json?by={name}&value={value}")[0])
    tell("searches")
    texts = [f"a photo of {draw.choice(['red', 'old', 'two'])} things {number}" for number in range(QUESTIONS)]
    said = [server.get(f"/search.json?q={quote(text)}")[0] for text in texts]
    shown = []
    for number in range(QUESTIONS):
        upload = encode_webp(photo(10_000 + number, (224, 224)))
        shown.append(server.post("/looks", "image", upload, model="wide")[0])
    after = server.memory_mb()
    text_ms = encoder_ms(lambda: clip.encode_text([texts[0]]))
    rgb = clip.prepare([photo(1, (224, 224))])
    image_ms = encoder_ms(lambda: activations(clip, rgb, [LAYER]))
    about = f"{IMAGES:,} images, {UNITS:,} units"
    return [
        Row("unit_page.first", first, "ms", None, f"the first page after the start; {about}"),
        Row("unit_page.p95", p95(once), "ms", 50, f"a unit's first visit, {len(once)} units at random", most=True),
        Row("unit_page.again", p95(again), "ms", 50, "the 95th percentile when visited again", most=True),
        Row("unit_page.given", p95(given), "ms", 200, "95th percentile; labels of up to 1,000 values", most=True),
        Row(
            "unit_page.text", p95(said) - text_ms, "ms", 50, f"95th percentile, less the encoder's {text_ms:.0f}", True
        ),
        Row("unit_page.image", p95(shown) - image_ms, "ms", 50, f"the same for a picture, less {image_ms:.0f}", True),
        Row("unit_page.memory", after["VmRSS"], "MiB", 1024, f"resident, {after['RssAnon']:.0f} of it no file's", True),
        Row("unit_page.added", after["VmRSS"] - before["VmRSS"], "MiB", None, "of it since before the first page"),
    ]


def measure(tell: Tell) -> list[Row]:
    """Make the index, serve it, ask, remove it: 6 GB in the folder for temporary files (TMPDIR)."""
    with tempfile.TemporaryDirectory(prefix="facetscope-bench-") as name:
        folder = Path(os.environ.get("FACETSCOPE_BENCH_INDEX") or name)  # to look at one index several times
        model = f"wide@{folder / 'wide'}"
        if not (folder / "wide").is_dir():
            tiny_hub_folder(folder / "wide", config=WIDE)
        clip = registry.load(registry.entry(model), folder, "cpu", offline=True)
        place = folder / "data" / "indexes" / "million"
        if not (place / "manifest.json").is_file():
            write_index(clip, place, tell)
        threads = torch.get_num_threads()
        torch.set_num_threads(max((os.cpu_count() or 1) - 1, 1))  # as the application does
        try:
            with serving(model, folder / "data", device="cpu") as server:
                return questions(server, clip, tell)
        finally:
            torch.set_num_threads(threads)
