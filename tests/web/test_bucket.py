"""Pictures are in S3: what a visitor is told while they cannot be reached."""

from pathlib import Path

from fastapi.testclient import TestClient

from app.settings import Settings
from app.web.app import create_app
from tests.buckets import S3
from tests.tiny import tiny_hub_folder


def test_pictures_out_of_reach_are_503_and_there_again_later(s3: S3, tmp_path: Path) -> None:
    folder, url = tiny_hub_folder(tmp_path / "small"), "/blobs/0123456789abcdef.webp"
    (folder / "open_clip_model.safetensors").write_bytes(b"no weights")
    settings = Settings(models=(f"small@{folder}",), data=tmp_path / "data", device="cpu", blobs=s3.new())
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        assert client.get(url).status_code == 404
        client.app.state.microscope.store.files.put_blob("0123456789abcdef", b"webp")  # pyright: ignore
        with s3.locked():
            refused = client.get(url)
        assert refused.status_code == 503 and refused.headers["retry-after"] and "cannot be reached" in refused.text
        assert client.get(url).content == b"webp"
