"""Pictures in a folder and in a bucket: the same to whoever asks, and a bucket that does not answer."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem

from app.errors import Away, BadInput, NotFound
from app.store.blobs import Blobs, blobs_at
from app.store.files import Files
from tests.buckets import MEMORY, empty_memory, place_of, set_back


@pytest.fixture(params=["folder", "memory", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Blobs]:
    with closing(blobs_at(place_of(request.param, request), tmp_path)) as blobs:
        yield blobs


def test_pictures_frames_and_words_are_kept(blobs: Blobs, tmp_path: Path) -> None:
    files = Files(tmp_path, blobs)
    files.put_blob("abcd", b"webp")
    files.put_word_list("w", ["größer", "zebra"])
    for step in (128, 16, 4):
        files.put_frame("r", step, b"%d" % step)
    files.put_picture("r", b"png")
    assert (files.blob("abcd"), files.word_list("w"), files.frame("r", 16)) == (b"webp", ("größer", "zebra"), b"16")
    assert files.frames("r") == [4, 16, 128] and files.frames("none") == []
    assert list(blobs.every("renders")) == [
        f"renders/r/{name}" for name in ("128.webp", "16.webp", "4.webp", "picture.png")
    ]
    files.drop_frames("r")
    assert files.frames("r") == [] and files.picture("r") == b"png" and not files.has_blob("ffff")
    with pytest.raises(NotFound, match="no stored picture ffff"):
        files.blob("ffff")


def test_a_folder_is_measured_and_dropped_whole(blobs: Blobs) -> None:
    assert blobs.size("renders") == 0 and blobs.names("renders") == []
    for path in ("renders/a/1.webp", "renders/a/2.webp", "renders/b/1.webp"):
        blobs.put(path, b"12345")
    assert blobs.size("renders") == 15 and blobs.size("renders/a") == 10
    blobs.drop_folder("renders/a")
    blobs.drop_folder("renders/none")
    assert blobs.names("renders") == ["b"] and blobs.size("renders") == 5


def test_the_mark_of_a_folder_that_a_console_made_is_nothing_of_ours(tmp_path: Path) -> None:
    empty_memory()
    bucket = blobs_at(MEMORY, tmp_path)
    bucket.put("renders/a/1.webp", b"12345")
    mark = "/bucket/prefix/renders/"
    MemoryFileSystem.store[mark] = MemoryFile(path=mark)
    assert bucket.names("renders") == ["a"] and list(bucket.every("renders")) == ["renders/a/1.webp"]


def test_what_is_touched_is_new_again(blobs: Blobs) -> None:
    blobs.put("words/w.txt", b"zebra")
    set_back(blobs, "words/w.txt", 0)
    assert blobs.modified("words/w.txt") == 0
    assert blobs.touch("words/w.txt") and not blobs.touch("words/none.txt")
    assert time.time() - blobs.modified("words/w.txt") < 60 and blobs.get("words/w.txt") == b"zebra"
    with pytest.raises(FileNotFoundError):
        blobs.modified("words/none.txt")


def test_what_is_deleted_is_gone_and_nothing_else(blobs: Blobs) -> None:
    for path in ("renders/a/1.webp", "renders/a/10.webp", "renders/ab/1.webp", "words/a.txt"):
        blobs.put(path, b"12345")
    blobs.drop("renders/a/1.webp")
    blobs.drop("renders/a/1.webp")
    assert list(blobs.every("renders")) == ["renders/a/10.webp", "renders/ab/1.webp"]
    with pytest.raises(FileNotFoundError):
        blobs.get("renders/a/1.webp")
    blobs.drop_folder("renders/a")
    assert [*blobs.every("renders"), *blobs.every("words")] == ["renders/ab/1.webp", "words/a.txt"]


def test_a_bucket_that_does_not_answer_is_worth_another_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files(tmp_path, blobs_at("memory://away", tmp_path))
    files.put_blob("abcd", b"webp")

    def fail(*_: object, **__: object) -> None:
        raise ConnectionError("no route to host")

    with monkeypatch.context() as patch:
        patch.setattr(MemoryFileSystem, "cat_file", fail)
        with pytest.raises(Away, match="Try again"):
            files.blob("abcd")
    assert files.blob("abcd") == b"webp"


def test_an_address_that_nothing_is_known_of_is_refused_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nowhere://") as refused:
        blobs_at("nowhere://anna:hidden@bucket", tmp_path)
    assert "hidden" not in refused.value.detail
