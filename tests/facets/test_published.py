"""Published facet weights: both layouts at their true shapes, from folders, files and addresses, and what is refused."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch

from app.clip.layers import Layer
from app.errors import BadInput
from app.facets import published
from app.facets.published import ORDER

RN50X4 = {f"layer3.{index}": Layer(f"layer3.{index}", 1280, 16, (18, 18), f"layer3.{index}") for index in range(10)}
PROBED = [f"layer3.{index}" for index in (8, 6, 4, 2, 0)]
SHAPE = (1, 1280, 18, 18)


def weight(facet: str, layer: str, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    seed = ORDER.index(facet) * 100 + int(layer[-1])
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def write_openai(folder: Path, facets: tuple[str, ...], spelling: str, shape: tuple[int, ...] = SHAPE) -> None:
    for layer in PROBED:
        place = folder / spelling.format(layer[-1])
        place.mkdir(parents=True, exist_ok=True)
        for facet in facets:
            np.save(place / f"{facet}_spatial.npy", weight(facet, layer, shape))


def same(found: dict[str, published.Weights], facets: tuple[str, ...]) -> None:
    assert set(found) == set(facets)
    for facet, weights in found.items():
        assert list(weights) == PROBED, "deepest first"
        for layer, tensor in weights.items():
            assert tensor.dtype == torch.float32
            np.testing.assert_allclose(tensor.numpy(), weight(facet, layer)[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("spelling", ["image_block_3_{}_Relu_2", "image_block_3/{}/Relu_2", "layer3.{}"])
def test_openais_folder_is_read_at_its_true_shapes(tmp_path: Path, spelling: str) -> None:
    write_openai(tmp_path / "RN50_4x", ("face", "logo"), spelling)
    same(published.read(str(tmp_path / "RN50_4x"), RN50X4, PROBED), ("face", "logo"))


def test_captums_file_is_read_at_its_true_shapes(tmp_path: Path) -> None:
    path = tmp_path / "clip_resnet50x4_facets.pt"
    torch.save([[torch.from_numpy(weight(facet, layer)) for layer in PROBED[::-1]] for facet in ORDER], path)
    same(published.read(str(path), RN50X4, PROBED), ORDER)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server of the folder `tmp_path`."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("spelling", ["image_block_3_{}_Relu_2", "image_block_3/{}/Relu_2"])
def test_an_address_is_tried_for_the_published_names(tmp_path: Path, address: str, spelling: str) -> None:
    write_openai(tmp_path / "RN50_4x", ("text",), spelling)
    same(published.read(f"{address}/RN50_4x/", RN50X4, PROBED), ("text",))


def test_a_file_at_an_address_is_read_as_well(tmp_path: Path, address: str) -> None:
    torch.save(
        [[torch.from_numpy(weight(facet, layer)) for layer in PROBED[::-1]] for facet in ORDER], tmp_path / "facets.pt"
    )
    same(published.read(f"{address}/facets.pt", RN50X4, PROBED), ORDER)


def test_another_resolution_is_resized_to_the_layers_map(tmp_path: Path) -> None:
    write_openai(tmp_path, ("face",), "layer3.{}", shape=(1, 1280, 9, 9))
    found = published.read(str(tmp_path), RN50X4, PROBED)["face"]["layer3.8"]
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(weight("face", "layer3.8", (1, 1280, 9, 9))), size=(18, 18), mode="bilinear"
    )
    torch.testing.assert_close(found, expected[0])


def test_weights_of_another_model_are_refused_with_both_shapes(tmp_path: Path) -> None:
    write_openai(tmp_path, ("face",), "layer3.{}", shape=(1, 640, 18, 18))
    with pytest.raises(BadInput, match=r"face at layer3\.8 has weights of shape \(1, 640, 18, 18\).*\(1, 1280, h, w\)"):
        published.read(str(tmp_path), RN50X4, PROBED)
    (tmp_path / "layer3.0").rename(tmp_path / "layer3.99")
    with pytest.raises(BadInput, match=r"layer3\.99, which this model does not have"):
        published.read(str(tmp_path), RN50X4, PROBED)


def test_what_is_not_weights_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(BadInput, match="holds no LAYER/FACET_spatial.npy"):
        published.read(str(tmp_path), RN50X4, PROBED)
    with pytest.raises(BadInput, match="holds no LAYER/FACET_spatial.npy"):
        published.read(address, RN50X4, PROBED)
    with pytest.raises(BadInput, match="there is nothing at"):
        published.read(str(tmp_path / "none.pt"), RN50X4, PROBED)
    (tmp_path / "words.pt").write_bytes(b"just words")
    with pytest.raises(BadInput, match="cannot be read as tensors"):
        published.read(str(tmp_path / "words.pt"), RN50X4, PROBED)
    torch.save([torch.zeros(3)], tmp_path / "short.pt")
    with pytest.raises(BadInput, match="a list of 7 facets"):
        published.read(str(tmp_path / "short.pt"), RN50X4, PROBED)
    torch.save([[Path("x")]], tmp_path / "object.pt")
    with pytest.raises(BadInput, match="never other objects"):
        published.read(str(tmp_path / "object.pt"), RN50X4, PROBED)
    (tmp_path / "layer3.0").mkdir()
    (tmp_path / "layer3.0" / "face_spatial.npy").write_bytes(b"\x93NUMPY junk")
    with pytest.raises(BadInput, match=r"face_spatial\.npy is no NumPy array"):
        published.read(str(tmp_path), RN50X4, PROBED)
    np.save(tmp_path / "layer3.0" / "face_spatial.npy", np.full(SHAPE, np.nan, np.float32))
    with pytest.raises(BadInput, match="not finite"):
        published.read(str(tmp_path), RN50X4, PROBED)


def test_a_server_that_cannot_be_reached_is_said_so() -> None:
    with pytest.raises(BadInput, match="cannot be reached"):
        published.read("http://127.0.0.1:9/facets", RN50X4, PROBED)
