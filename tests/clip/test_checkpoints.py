"""Weights in the forms they are published in, at RN50's real names and shapes, written by the tests and loaded offline.

The tensors are random but alive: every batch norm has a weight, so no block is an identity.
"""

import socket
import warnings
from collections.abc import Iterator
from pathlib import Path

import open_clip
import pytest
import torch
from open_clip.model import convert_weights_to_fp16
from open_clip.modified_resnet import ModifiedResNet
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn

from app.clip import registry
from app.clip.clip import Clip
from app.clip.taps import activations
from app.errors import NotReady, WeightsMissing
from tests.tiny import enliven

State = dict[str, Tensor]
PICTURE = Image.linear_gradient("L").resize((300, 240)).convert("RGB")
TEXTS = ["a photo of a cat", "spider"]


def quick_rn50() -> open_clip.CLIP:
    config = open_clip.get_model_config("RN50")
    assert config is not None
    return open_clip.CLIP(**(config | {"quick_gelu": True}))


@pytest.fixture(scope="module")
def reference() -> open_clip.CLIP:
    """RN50 with QuickGELU, as OpenAI trained it, its weights rounded to fp16 and held in fp32."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = quick_rn50()
        assert isinstance(module.visual, ModifiedResNet)
        enliven(module.visual, pictures=4)
        nn.init.normal_(module.get_parameter("positional_embedding"), std=0.1)
    convert_weights_to_fp16(module)
    return module.float().eval().requires_grad_(False)


@pytest.fixture(scope="module")
def half(reference: open_clip.CLIP) -> State:
    """The reference's tensors in the precisions of OpenAI's files: convolutions, matrices and attention in fp16."""
    copy = quick_rn50()
    copy.load_state_dict(reference.state_dict())
    convert_weights_to_fp16(copy)
    state = {name: tensor.detach() for name, tensor in copy.state_dict().items()}
    assert state["visual.layer4.2.conv3.weight"].dtype == torch.float16
    assert state["visual.layer4.2.bn3.weight"].shape == (2048,)
    return state


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A place for checkpoints of 200 MB that is emptied afterwards."""
    folder = tmp_path_factory.mktemp("checkpoints")
    yield folder
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nothing here may touch the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def openai_scalars() -> State:
    values = {"input_resolution": 224, "context_length": 77, "vocab_size": 49408}
    return {name: torch.tensor(value) for name, value in values.items()}


def archive(state: State, path: Path) -> Path:
    """Write a TorchScript archive with these tensors, the form in which OpenAI published its models."""
    root = nn.Module()
    for name, tensor in state.items():
        *parents, leaf = name.split(".")
        at = root
        for parent in parents:
            if parent not in at._modules:
                at.add_module(parent, nn.Module())
            at = at.get_submodule(parent)
        at.register_buffer(leaf, tensor)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(root).save(path)
    return path


def assert_answers_as(clip: Clip, reference: open_clip.CLIP) -> None:
    """Pictures and texts are embedded as the reference does, fp16 rounding included: the tensors are equal."""
    with torch.no_grad():
        rgb = clip.prepare([PICTURE])
        assert torch.equal(clip.encode_image(rgb), reference.encode_image(clip.normalize(rgb)))
        assert torch.equal(clip.encode_text(TEXTS), reference.encode_text(open_clip.get_tokenizer("RN50")(TEXTS)))


def test_the_hub_cache_that_open_clip_resolves_for_openai_tags(
    half: State, reference: open_clip.CLIP, folder: Path
) -> None:
    repository = folder / "models--timm--resnet50_clip.openai"
    snapshot = repository / "snapshots" / "0123456789abcdef"
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0123456789abcdef")
    save_file(half, snapshot / "open_clip_model.safetensors")

    entry = registry.entry("RN50.openai")
    assert registry.cached(entry, folder) == snapshot / "open_clip_model.safetensors"
    clip = registry.load(entry, folder, "cpu")
    assert_answers_as(clip, reference)
    assert clip.mean.flatten().tolist() == pytest.approx([0.48145466, 0.4578275, 0.40821073])
    assert (clip.image_size, clip.interpolation, clip.resize_mode) == (224, "bicubic", "shortest")
    maps = activations(clip, clip.prepare([PICTURE]), ["layer3.5", "layer4.1", "layer4.2"])
    assert maps["layer4.2"].shape == (1, 2048, 7, 7)
    assert not torch.allclose(maps["layer4.1"].relu(), maps["layer4.2"].relu()), "the last block does something"


def test_openais_state_dict_in_a_plain_file(half: State, reference: open_clip.CLIP, folder: Path) -> None:
    path = folder / "RN50 (plain).pt"
    torch.save(half | openai_scalars(), path)
    entry = registry.entry(f"RN50@{path}")
    assert entry.slug.startswith("RN50.RN50-plain-")
    assert_answers_as(registry.load(entry, folder, "cpu", offline=True), reference)


def test_openais_archive(half: State, reference: open_clip.CLIP, folder: Path) -> None:
    path = archive(half | openai_scalars(), folder / "RN50.pt")
    assert_answers_as(registry.load(registry.entry(f"RN50@{path}"), folder, "cpu", offline=True), reference)


def test_without_openais_marks_the_architecture_decides_the_activation(
    half: State, reference: open_clip.CLIP, folder: Path
) -> None:
    path = folder / "trained.pt"
    torch.save({"epoch": 3, "state_dict": {f"module.{name}": tensor for name, tensor in half.items()}}, path)
    quick = registry.load(registry.entry(f"RN50-quickgelu@{path}"), folder, "cpu", offline=True)
    assert_answers_as(quick, reference)
    plain = registry.load(registry.entry(f"RN50@{path}"), folder, "cpu", offline=True)
    assert not torch.allclose(plain.encode_text(TEXTS), quick.encode_text(TEXTS), rtol=1e-3)
    assert plain.weights_hash != quick.weights_hash


def test_a_file_of_another_architecture_is_refused(half: State, folder: Path) -> None:
    path = folder / "small.pt"
    torch.save({"visual.conv1.weight": half["visual.conv1.weight"]}, path)
    with pytest.raises(NotReady, match="does not hold this architecture"):
        registry.load(registry.entry(f"RN50@{path}"), folder, "cpu", offline=True)


@pytest.mark.parametrize("name", ["broken.pt", "broken.safetensors", "empty.pt"])
def test_a_damaged_file_is_refused_with_one_sentence(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"" if name == "empty.pt" else b"PK\x03\x04 not really")
    with pytest.raises(NotReady, match="cannot be read as a checkpoint"):
        registry.load(registry.entry(f"RN50@{path}"), tmp_path, "cpu", offline=True)


def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path) -> None:
    trace = tmp_path / "trace"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[Path]]:
            return Path.touch, (trace,)

    torch.save({"state_dict": Evil()}, tmp_path / "evil.pt")
    with pytest.raises(NotReady, match="cannot be read as a checkpoint"):
        registry.load(registry.entry(f"RN50@{tmp_path / 'evil.pt'}"), tmp_path, "cpu", offline=True)
    assert not trace.exists()


def test_offline_and_not_cached_names_the_file_and_the_command(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing) as caught:
        registry.load(registry.entry("RN50x4.openai"), tmp_path, "cpu", offline=True)
    sentence = caught.value.detail
    assert f"{tmp_path}/models--timm--resnet50x4_clip.openai/snapshots/*/open_clip_model.safetensors" in sentence
    assert "`uv run python -m app model fetch RN50x4.openai`" in sentence
    assert "\n" not in sentence
    assert list(tmp_path.iterdir()) == []
