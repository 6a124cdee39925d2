"""Facet weights that others published, as spatial weights by layer.

Two layouts: OpenAI's `LAYER/FACET_spatial.npy`, one file of [1, C, h, w] per layer and facet (the released
`example_facets.py`), where the layer is named as in the old graph (`image_block_3_0_Relu_2`) or as here (`layer3.0`); and
captum's single `.pt`, a list of facets, each a list of such tensors, in the order of `ORDER` and of rising depth.
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from app.clip.layers import Layer
from app.errors import BadInput

ORDER = ("face", "text", "logo", "pose", "arch", "nature", "indoor")
TIMEOUT_S = 30
MAX_BYTES = 2_000_000_000
_BLOCK = re.compile(r"(?:layer|image_block_)(\d)[._/](\d+)")
_FILE = "_spatial.npy"

Weights = dict[str, Tensor]
"""A facet's weights by layer, each float32 [C, h, w], deepest first."""


def read(source: str, layers: Mapping[str, Layer], probed: Sequence[str]) -> dict[str, Weights]:
    """Every published facet at `source`, by name.

    Args:
        source: A folder, a `.pt` file, or the http(s) address of either.
        layers: The model's layer table.
        probed: The layers that the weights are for, deepest first: captum's file and an address do not say which.

    Raises:
        BadInput: Nothing there, or weights that are not this model's: the sentence names file, shape and remedy.
    """
    remote = source.startswith(("http://", "https://"))
    if source.endswith(".pt"):
        data = _fetch(source) if remote else _local(Path(source))
        if data is None:
            raise BadInput(f"from: there is nothing at {source}.", field="from")
        found = _captum(data, probed)
    elif remote:
        found = _openai_at(source.rstrip("/"), probed)
    else:
        found = _openai_in(Path(source))
    if not found:
        raise BadInput(f"from: {source} holds no LAYER/FACET{_FILE} and is no .pt file.", field="from")
    deep = list(layers)[::-1]
    return {
        name: {layer: _fitting(name, layer, weights[layer], layers) for layer in _ordered(weights, deep, name)}
        for name, weights in found.items()
    }


def _ordered(weights: Weights, deep: Sequence[str], facet: str) -> list[str]:
    strange = sorted(set(weights) - set(deep))
    if strange:
        raise BadInput(f"from: {facet} has weights for {strange[0]}, which this model does not have.", field="from")
    return [layer for layer in deep if layer in weights]


def _fitting(facet: str, layer: str, weight: Tensor, layers: Mapping[str, Layer]) -> Tensor:
    """The weights as float32 [C, h, w] of the layer's map; another resolution is resized, as the released code does."""
    shape, known = tuple(weight.shape), layers[layer]
    if weight.dim() == 4 and shape[0] == 1:
        weight = weight[0]
    if weight.dim() != 3 or weight.shape[0] != known.channels:
        raise BadInput(
            f"from: {facet} at {layer} has weights of shape {shape}; this model needs (1, {known.channels}, h, w). "
            "Import them into the model they were made for.",
            field="from",
        )
    if not torch.isfinite(weight).all():
        raise BadInput(f"from: {facet} at {layer} holds values that are not finite numbers.", field="from")
    return F.interpolate(weight[None].float(), size=known.map, mode="bilinear", align_corners=False)[0]


def _openai_in(folder: Path) -> dict[str, Weights]:
    found: dict[str, Weights] = {}
    for path in sorted(folder.glob(f"**/*{_FILE}")):
        block = _BLOCK.search(path.relative_to(folder.parent).as_posix().rpartition("/")[0])
        if block:
            name = path.name.removesuffix(_FILE)
            found.setdefault(name, {})[f"layer{block[1]}.{block[2]}"] = _array(path.read_bytes(), path.name)
    return found


def _openai_at(address: str, probed: Sequence[str]) -> dict[str, Weights]:
    """Addresses cannot be listed: the published names are tried, in the spellings of the old graph and in ours."""
    found: dict[str, Weights] = {}
    for name in ORDER:
        for layer in probed:
            for spelling in _spellings(layer):
                data = _fetch(f"{address}/{spelling}/{name}{_FILE}")
                if data is not None:
                    found.setdefault(name, {})[layer] = _array(data, f"{spelling}/{name}{_FILE}")
                    break
    return found


def _spellings(layer: str) -> Iterator[str]:
    block = _BLOCK.search(layer)
    if block:
        yield f"image_block_{block[1]}_{block[2]}_Relu_2"
        yield f"image_block_{block[1]}/{block[2]}/Relu_2"
    yield layer


def _captum(data: bytes, probed: Sequence[str]) -> dict[str, Weights]:
    try:
        facets = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # the unpickler raises whatever it runs into
        raise BadInput(
            "from: the .pt file cannot be read as tensors; only lists of tensors are, never other objects.",
            field="from",
        ) from error
    rising = list(probed)[::-1]
    if not isinstance(facets, list) or len(facets) != len(ORDER) or any(len(each) != len(rising) for each in facets):
        raise BadInput(
            f"from: the .pt file must be a list of {len(ORDER)} facets ({', '.join(ORDER)}), each a list of "
            f"{len(rising)} tensors for {', '.join(rising)}.",
            field="from",
        )
    return {name: dict(zip(rising, each, strict=True)) for name, each in zip(ORDER, facets, strict=True)}


def _array(data: bytes, name: str) -> Tensor:
    try:
        return torch.from_numpy(np.load(io.BytesIO(data), allow_pickle=False).astype(np.float32))
    except (ValueError, EOFError) as error:
        raise BadInput(f"from: {name} is no NumPy array of numbers.", field="from") from error


def _local(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _fetch(address: str) -> bytes | None:
    """The bytes at an http(s) address, None where there are none. Raises BadInput if the server cannot be reached."""
    try:
        with urlopen(address, timeout=TIMEOUT_S) as answer:
            return answer.read(MAX_BYTES)
    except HTTPError as error:
        if error.code in (403, 404):
            return None
        raise BadInput(f"from: {address} answered {error.code}.", field="from") from error
    except (URLError, TimeoutError) as error:
        raise BadInput(f"from: {address} cannot be reached: {error}.", field="from") from error
