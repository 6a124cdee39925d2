"""A build of an index is killed wherever it touches the disk: the next one ends with the same files, and nothing else stays."""

import os
import subprocess
import sys
from pathlib import Path

from app.clip.clip import Clip
from app.corpus.build import build
from app.corpus.replacing import sweep_stopped
from app.corpus.sources import open_source
from app.settings import ROOT
from app.whole import sweep
from tests.corpus.test_resume import content
from tests.pictures import blobs

KILLS = max(int(os.environ.get("KILLS", "0")), 8)
SEED = int(os.environ.get("KILLS_SEED", "0"))
BUILDING = """
import os, random, signal, sys
from pathlib import Path
import torch
from app.clip import registry
from app.corpus.build import build
from app.corpus.sources import open_source

torch.set_num_threads(1)  # before it forks
model, pictures, place, kills, seed = sys.argv[1:]
clip, source = registry.load(registry.entry(f"tiny@{model}"), Path(model), "cpu", offline=True), open_source(pictures)
TOUCHED = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree", "sqlite3.connect"}
drawn = random.Random(int(seed))
for number in range(int(kills)):
    last, child = drawn.randrange(1, 100), os.fork()
    if child == 0:
        seen = 0

        def count(event, rest):
            global seen
            if event in TOUCHED and str(rest[0]).startswith(str(Path(place).parent)):
                seen += 1
                if seen == last:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        build(clip, source, "mine", None, Path(place), partition=32)
        os._exit(0)
    print(os.waitpid(child, 0)[1])
    if os.path.exists(place) and drawn.random() < 0.5:  # the next one replaces an index of other layers
        build(clip, source, "mine", ["layer1.0"], Path(place))
"""


def test_a_build_that_is_killed_anywhere_is_done_again_with_the_same_files(
    tiny_clip: Clip, tiny_folder: Path, tmp_path: Path
) -> None:
    pictures, place = tmp_path / "pictures", tmp_path / "indexes" / "mine"
    pictures.mkdir()
    for number in range(96):
        blobs(number)[0].save(pictures / f"{number:02}.png")
    said = subprocess.run(
        [sys.executable, "-c", BUILDING, str(tiny_folder), str(pictures), str(place), str(KILLS), str(SEED)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    ends = said.stdout.split()
    assert len(ends) == KILLS and set(ends) <= {"0", "9"} and ends.count("9") > KILLS / 3, said.stderr
    source = open_source(str(pictures))
    manifest = build(tiny_clip, source, "mine", None, place, partition=32)
    assert manifest == build(tiny_clip, source, "mine", None, tmp_path / "at once", partition=32)
    assert content(place) == content(tmp_path / "at once")
    sweep(tmp_path / "indexes")
    sweep_stopped(tmp_path / "indexes")
    assert [path.name for path in (tmp_path / "indexes").iterdir()] == ["mine"]
