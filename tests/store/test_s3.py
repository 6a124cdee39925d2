"""Pictures in S3-compatible storage, asked by its API: what else lies in the bucket, and all that can be wrong with it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest
from fsspec.config import conf

from app.errors import Away, NotReady
from app.store import be_patient, blobs
from app.store.blobs import Blobs, Bucket, blobs_at
from app.store.files import Files
from tests.buckets import S3, absent, cut_off, silent

BUSY_S = 8  # what a busy machine may add to a wait


@pytest.fixture
def address(s3: S3) -> str:
    return s3.new()


@pytest.fixture
def bucket(address: str, tmp_path: Path) -> Iterator[Bucket]:
    with closing(blobs_at(address, tmp_path)) as bucket:
        assert isinstance(bucket, Bucket)
        yield bucket


EVERYTHING: dict[str, Callable[[Blobs], object]] = {
    "put": lambda each: each.put("words/w.txt", b"zebra"),
    "get": lambda each: each.get("words/w.txt"),
    "touch": lambda each: each.touch("words/w.txt"),
    "modified": lambda each: each.modified("words/w.txt"),
    "drop": lambda each: each.drop("words/w.txt"),
    "drop_folder": lambda each: each.drop_folder("words"),
    "size": lambda each: each.size("words"),
    "names": lambda each: each.names("words"),
    "every": lambda each: list(each.every("words")),
}


def refused(bucket: Blobs, said: str) -> None:
    """Everything that can be asked is answered by `Away`, and by nothing that could be taken for an empty place."""
    for name, ask in EVERYTHING.items():
        with pytest.raises(Away, match="Try again") as raised:
            ask(bucket)
            pytest.fail(f"{name} was answered")
        assert said in str(raised.value.__cause__), name


def test_what_else_lies_in_a_bucket_is_nothing_of_ours(s3: S3, address: str, bucket: Bucket) -> None:
    others = ["prefix/", "prefix2/renders/x/1.webp", "renders/y/1.webp", "prefixrenders/z/1.webp"]
    marks = ["prefix/renders/", "prefix/renders/a/"]
    for key in (*others, *marks):
        s3.put(address, key)
    bucket.put("renders/a/1.webp", b"12345")
    assert bucket.names("renders") == ["a"] and bucket.names("renders/a") == ["1.webp"]
    assert list(bucket.every("renders")) == ["renders/a/1.webp"] and bucket.size("renders") == 5
    bucket.drop_folder("renders/a")
    assert bucket.names("renders") == [] and bucket.size("renders") == 0
    bucket.drop_folder("renders")
    assert s3.keys(address) == sorted(others)


def test_a_bucket_without_a_prefix_is_taken_whole(s3: S3, address: str, tmp_path: Path) -> None:
    with closing(blobs_at(address.removesuffix("prefix"), tmp_path)) as bucket:
        bucket.put("renders/a/1.webp", b"12345")
        assert s3.keys(address) == ["renders/a/1.webp"] == list(bucket.every("renders"))
        bucket.drop_folder("renders")
        assert s3.keys(address) == []


def test_a_long_list_is_read_to_its_end(s3: S3, address: str, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "3")  # a page of it, 1,000 elsewhere
    for number in range(8):
        s3.put(address, f"prefix/renders/{number}/1.webp", b"12345")
    assert len(bucket.names("renders")) == len(list(bucket.every("renders"))) == 8 and bucket.size("renders") == 40
    bucket.drop_folder("renders")
    assert s3.keys(address) == []


@pytest.mark.usefixtures("s3")
def test_a_missing_bucket_is_no_empty_one(tmp_path: Path) -> None:
    with closing(blobs_at("s3://nowhere/prefix", tmp_path)) as bucket:
        refused(bucket, "bucket does not exist")


def test_wrong_keys_lose_nothing(s3: S3, address: str, bucket: Bucket) -> None:
    bucket.put("words/w.txt", b"zebra")
    with s3.locked():
        refused(bucket, "")
    assert bucket.get("words/w.txt") == b"zebra" and s3.keys(address) == ["prefix/words/w.txt"]


def test_without_keys_nothing_is_answered(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    refused(bucket, "Unable to locate credentials")


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize("server", [absent, silent])
def test_an_endpoint_that_is_away_is_not_waited_for_long(
    server: Callable[[], AbstractContextManager[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(blobs.S3, "read_timeout", 0.5)
    monkeypatch.setattr(blobs, "PUT_S", 0.5)
    with server() as url, monkeypatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", url)
        with closing(blobs_at("s3://bucket/prefix", tmp_path)) as bucket:
            for name in ("get", "put"):
                started = time.monotonic()
                with pytest.raises(Away):
                    EVERYTHING[name](bucket)
                assert time.monotonic() - started < 2 + BUSY_S, name


def test_a_request_waits_no_longer_than_operating_says() -> None:
    once_s = blobs.S3["connect_timeout"] + blobs.S3["read_timeout"]
    assert once_s * blobs.S3["retries"]["total_max_attempts"] < 15 and blobs.PUT_S <= 20


def test_what_could_not_be_deleted_is_said(s3: S3, address: str, bucket: Bucket) -> None:
    """S3 answers 200 where it deletes nothing of what it was asked to."""
    bucket.put("renders/a/1.webp", b"12345")
    s3.forbid(address, "s3:DeleteObject")
    with pytest.raises(Away) as raised:
        bucket.drop_folder("renders/a")
    assert "renders/a/1.webp" in str(raised.value.__cause__)


def test_an_object_that_is_written_anew_is_read_whole(bucket: Bucket) -> None:
    versions = [bytes([letter]) * 300_000 for letter in b"ab"]
    bucket.put("words/w.txt", versions[0])
    over, seen = threading.Event(), set()

    def read() -> None:
        while not over.is_set():
            seen.add(bucket.get("words/w.txt"))

    thread = threading.Thread(target=read)
    thread.start()
    for turn in range(20):
        bucket.put("words/w.txt", versions[turn % 2])
    over.set()
    thread.join(10)
    assert seen <= set(versions) and seen


def test_a_connection_that_breaks_off_leaves_what_was_there(
    s3: S3, address: str, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("words/w.txt", b"zebra")
    with cut_off(s3, 100_000) as url, monkeypatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", url)
        with closing(blobs_at(address, tmp_path)) as far:
            for path in ("words/w.txt", "words/new.txt"):
                with pytest.raises(Away):
                    far.put(path, b"a" * 1_000_000)
    assert bucket.get("words/w.txt") == b"zebra" and list(bucket.every("words")) == ["words/w.txt"]


def test_a_patient_thread_waits_for_its_bucket(s3: S3, bucket: Bucket, tmp_path: Path) -> None:
    files, waited, failed = Files(tmp_path, bucket), threading.Event(), []

    def work() -> None:
        be_patient(lambda _: waited.set())
        try:
            files.put_picture("r", b"png")
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    with s3.locked():
        thread.start()
        assert waited.wait(10)
    thread.join(10)
    assert not failed and files.picture("r") == b"png"


def test_where_it_cannot_be_used_is_said_at_once(s3: S3, bucket: Bucket, tmp_path: Path) -> None:
    bucket.check()
    missing, said = (
        blobs_at("s3://nowhere/prefix", tmp_path),
        "s3://nowhere/prefix cannot be used: The specified bucket",
    )
    with closing(missing), pytest.raises(NotReady, match=said):
        missing.check()
    with s3.locked(), pytest.raises(NotReady, match="Access Key Id"):
        bucket.check()


def test_what_the_operator_sets_of_the_storage_goes_before_ours(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"connect_timeout": 1, "s3": {"addressing_style": "path"}}
    monkeypatch.setitem(conf, "s3", {"config_kwargs": own})
    with closing(blobs_at(address, tmp_path)) as bucket:
        bucket.put("words/w.txt", b"zebra")
        assert isinstance(bucket, Bucket) and own.items() <= bucket.files.config_kwargs.items()
        assert bucket.files.config_kwargs["read_timeout"] > 1
