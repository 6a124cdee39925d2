"""Checkpoint files: find one in a folder and read its state dict, without running code that comes with it."""

import warnings
import zipfile
from pathlib import Path

import torch
from safetensors.torch import load_file

from app.errors import NotReady

CONFIG = "open_clip_config.json"
# A folder in hub layout may hold several; the order is open_clip's.
NAMES = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
    "model.safetensors",
)
SCALARS = ("input_resolution", "context_length", "vocab_size")  # only in OpenAI's own files

State = dict[str, torch.Tensor]


def find(path: Path) -> Path | None:
    """The weights file at a path: the file itself, or a hub-layout folder's; None if there is none."""
    if not path.is_dir():
        return path if path.is_file() else None
    if not (path / CONFIG).is_file():
        return None
    named = [path / name for name in NAMES if (path / name).is_file()]
    return next(iter(named or sorted(path.glob("*.safetensors"))), None)


def read(path: Path) -> tuple[State, bool]:
    """Read a state dict from safetensors, a plain torch file, a training checkpoint or OpenAI's TorchScript archive.

    Returns:
        The tensors by name, on the CPU in the precision of the file, and whether OpenAI wrote the file: its models
        were trained with QuickGELU, which the tensors do not tell.

    Raises:
        NotReady: the file is damaged or holds no state dict.
    """
    try:
        state = _unwrap(_read(path))
    except Exception as error:  # broken archives and pickles raise almost anything
        raise NotReady(_damaged(path), field="model") from error
    from_openai = all(name in state for name in SCALARS[1:])
    return {name: tensor for name, tensor in state.items() if name not in SCALARS}, from_openai


def _read(path: Path) -> object:
    if path.suffix == ".safetensors":
        return load_file(path)
    if _is_torchscript(path):
        with warnings.catch_warnings():  # torch calls the format deprecated, but it is what OpenAI published
            warnings.simplefilter("ignore")
            return torch.jit.load(path, map_location="cpu").state_dict()
    return torch.load(path, map_location="cpu", weights_only=True)


def _is_torchscript(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def _unwrap(content: object) -> State:
    """Take the tensors out of a training checkpoint and drop the prefix that data-parallel training leaves."""
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict):
        raise ValueError("no state dict")
    state = {str(name): torch.as_tensor(value) for name, value in content.items()}
    if state and all(name.startswith("module.") for name in state):
        state = {name.removeprefix("module."): tensor for name, tensor in state.items()}
    return state


def _damaged(path: Path) -> str:
    return (
        f"The file {path} cannot be read as a checkpoint: it must be a .safetensors file, a torch file of tensors only, "
        "or one of OpenAI's archives; fetch or copy it again."
    )
