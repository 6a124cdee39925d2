import io
import json
import os
import tarfile
from pathlib import Path

import pytest
from PIL import Image

from app.corpus.sources import open_source
from app.errors import BadInput, NotFound
from tests.corpus.conftest import picture


def webp(seed: int) -> bytes:
    out = io.BytesIO()
    picture(seed, (32, 32)).save(out, "WEBP")
    return out.getvalue()


def write_tar(path: Path, members: list[tuple[str, bytes]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, data in members:
            header = tarfile.TarInfo(name)
            header.size = len(data)
            tar.addfile(header, io.BytesIO(data))
    return path


def shard(path: Path, numbers: range) -> Path:
    members = []
    for n in numbers:
        members += [(f"{n:03d}.webp", webp(n)), (f"{n:03d}.json", json.dumps({"caption": f"cat {n}", "n": n}).encode())]
    return write_tar(path, members)


def test_a_folder_lists_pictures_by_name_and_leaves_the_rest(photos: Path) -> None:
    keys = [item.key for item in open_source(str(photos))]
    assert len(keys) == 152  # with the two whose content is no picture
    assert keys[0] == "broken.png"
    assert [key for key in keys if "/" in key] == sorted(key for key in keys if "/" in key)
    assert not {"notes.txt", ".hidden.png"} & set(keys)


def test_captions_come_from_file_names(photos: Path) -> None:
    records = {item.key: item.record for item in open_source(str(photos))}
    assert records["second/red_cat-003.png"]["caption"] == "red cat 003"


def test_a_sub_folder_is_a_class_and_the_folder_itself_is_none(tmp_path: Path) -> None:
    for name in ("one.png", "train/cats/two.png", "train/dogs/three.png", "test/cats/four.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(webp(len(name)))
    records = {item.key: item.record for item in open_source(str(tmp_path))}
    assert records == {
        "one.png": {"caption": "one"},
        "train/cats/two.png": {"caption": "two", "class": "cats"},
        "train/dogs/three.png": {"caption": "three", "class": "dogs"},
        "test/cats/four.png": {"caption": "four", "class": "cats"},
    }


def test_shards_give_pictures_and_captions_in_order(tmp_path: Path) -> None:
    shard(tmp_path / "x-1.tar", range(3, 5))
    shard(tmp_path / "x-0.tar", range(3))
    items = list(open_source(str(tmp_path / "x-*.tar")))
    assert [item.key for item in items] == ["x-0.tar/000", "x-0.tar/001", "x-0.tar/002", "x-1.tar/003", "x-1.tar/004"]
    assert items[3].record == {"caption": "cat 3", "n": "3"}
    assert items[4].read() == webp(4)


def test_one_tar_and_a_glob_over_folders_are_sources_too(tmp_path: Path) -> None:
    path = shard(tmp_path / "a" / "x.tar", range(2))
    shard(tmp_path / "b" / "x.tar", range(2, 4))
    assert len(list(open_source(str(path)))) == 2
    assert [item.read() for item in open_source(str(tmp_path / "*" / "x.tar"))] == [webp(n) for n in range(4)]


def test_a_relative_path_reads_after_the_process_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shard(tmp_path / "x.tar", range(1))
    monkeypatch.chdir(tmp_path)
    source = open_source("x.tar")
    monkeypatch.chdir("/")
    assert [item.read() for item in source] == [webp(0)]


def test_odd_members_of_a_shard_do_no_harm(tmp_path: Path) -> None:
    path = write_tar(
        tmp_path / "x.tar",
        [("0.json", b"not json"), ("0.png", webp(0)), ("1.txt", b" a dog "), ("1.webp", webp(1)), ("2.json", b"[1]"),
         ("README", b"words"), ("3.seg.png", webp(3)), ("._4.png", b"fork")],
    )  # fmt: skip
    with tarfile.open(path, "a") as tar:
        link = tarfile.TarInfo("5.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    items = list(open_source(str(path)))
    assert [(item.key, item.record["caption"]) for item in items] == [
        ("x.tar/0", ""),
        ("x.tar/1", "a dog"),
        ("x.tar/3", ""),
    ]


def test_the_manifest_hash_is_of_the_content_not_of_the_place_or_the_time(tmp_path: Path) -> None:
    first, moved = (shard(tmp_path / name / "x.tar", range(4)) for name in "ab")
    os.utime(moved, (0, 0))
    sources = open_source(str(first)), open_source(str(moved))
    assert sources[0].manifest_hash == sources[1].manifest_hash
    assert sources[0].count == 4


@pytest.mark.parametrize("change", ["pixel", "caption", "missing", "renamed"])
def test_any_change_of_the_corpus_changes_its_hash(tmp_path: Path, change: str) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(3):
        picture(number, (16, 16)).save(folder / f"{number}.bmp")
    before = open_source(str(folder)).manifest_hash
    target = folder / "1.bmp"
    match change:
        case "pixel":
            image = Image.open(target)
            image.putpixel((3, 3), (1, 2, 3))
            image.save(target)
        case "missing":
            target.unlink()
        case "renamed":
            target.rename(folder / "1b.bmp")
        case "caption":
            target.rename(folder / "1_.bmp")
    assert open_source(str(folder)).manifest_hash != before


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("hf:{}", "There are no pictures in"),
        ("{}/nowhere", "give a folder of images, or .tar shards"),
        ("{}/none-*.tar", "give a folder of images, or .tar shards"),
        ("{}", "There are no pictures in"),
        ("{}/empty.tar", "There are no pictures in"),
        ("{}/text.tar", "not a whole, uncompressed .tar file"),
    ],
)
def test_a_source_that_is_none_is_refused_with_a_sentence(tmp_path: Path, spec: str, sentence: str) -> None:
    write_tar(tmp_path / "empty.tar", [])
    (tmp_path / "text.tar").write_text("x" * 2000)
    with pytest.raises(BadInput, match=sentence):
        open_source(spec.format(tmp_path))


def test_a_shard_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    path = shard(tmp_path / "x.tar", range(8))
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(BadInput, match="not a whole"):
        list(open_source(str(path)))


def test_a_file_that_went_away_is_named(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "link.png").symlink_to(photos / "gone.png")
    source = open_source(str(tmp_path))
    assert source.count == 1
    with pytest.raises(NotFound, match=r"link\.png cannot be read"):
        next(iter(source)).read()
