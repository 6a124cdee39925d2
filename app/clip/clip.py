"""A loaded CLIP: pictures and texts in, embeddings out, with the preprocessing that its weights were trained with."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import open_clip
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from torch import Tensor
from torchvision.transforms import Compose

from app.clip.build import Module, Recipe
from app.clip.entry import Entry
from app.clip.layers import Layer, layer_table
from app.errors import BadInput, NotFound
from app.spec import ID_LENGTH, canonical_json


@dataclass(eq=False)
class Clip:
    """One model on one device. `weights_hash` names its content: configuration, preprocessing and every tensor.
    `default_layer` is the last block, whose units are the paper's neurons."""

    entry: Entry
    module: Module = field(repr=False)
    device: torch.device
    layers: dict[str, Layer] = field(repr=False)
    default_layer: str
    weights_hash: str
    preprocess: PreprocessCfg
    tokenizer: str
    mean: Tensor = field(repr=False)  # (3, 1, 1)
    std: Tensor = field(repr=False)  # (3, 1, 1)

    @property
    def slug(self) -> str:
        """The model's name in addresses."""
        return self.entry.slug

    @property
    def image_size(self) -> int:
        """The side in pixels of the pictures the model was trained on."""
        return int(self.preprocess.size)  # pyright: ignore[reportArgumentType]  # we only ever put a number there

    @property
    def resize_mode(self) -> str:
        """How a picture is brought to that size: `shortest` edge then centre crop, `longest` edge, or `squash`."""
        return self.preprocess.resize_mode

    @property
    def interpolation(self) -> str:
        """`bicubic` or `bilinear`."""
        return self.preprocess.interpolation

    def layer(self, name: str) -> Layer:
        """Look up a layer.

        Raises:
            NotFound: the model has no such layer; the sentence lists those it has.
        """
        if name not in self.layers:
            raise NotFound(f"{self.slug} has no layer {name}: it has {', '.join(self.layers)}.", field="layer")
        return self.layers[name]

    def unit(self, layer: str, unit: int) -> int:
        """Check that a layer has a unit, and answer it.

        Raises:
            NotFound: unknown layer, or a unit outside 0..channels - 1.
        """
        channels = self.layer(layer).channels
        if not 0 <= unit < channels:
            raise NotFound(
                f"{layer} of {self.slug} has no unit {unit}: they go from 0 to {channels - 1}.", field="unit"
            )
        return unit

    def prepare(self, images: Sequence[Image.Image]) -> Tensor:
        """Bring pictures to what the model sees, before normalisation: [B, 3, S, S] in 0..1 on the model's device."""
        return self.tensors([self.fit(image) for image in images])

    def fit(self, image: Image.Image) -> Image.Image:
        """A picture at the size that the model sees: RGB, S x S. Any thread may; no torch is involved."""
        return self._fit(image)

    def tensors(self, fitted: Sequence[Image.Image]) -> Tensor:
        """Pictures from `fit` as `prepare` gives them: [B, 3, S, S] in 0..1 on the model's device."""
        pixels = torch.from_numpy(np.stack([np.asarray(image) for image in fitted]))
        return pixels.permute(0, 3, 1, 2).contiguous().float().div(255).to(self.device)

    def normalize(self, rgb: Tensor) -> Tensor:
        """Shift and scale [B, 3, H, W] in 0..1 to what the vision tower was trained on; any height and width."""
        return (rgb - self.mean.to(rgb.dtype)) / self.std.to(rgb.dtype)

    def encode_image(self, rgb: Tensor) -> Tensor:
        """Embed pictures [B, 3, S, S] in 0..1, as `prepare` gives them: [B, E], not normalised."""
        features = self.module.encode_image(self.normalize(rgb))
        return features[0] if isinstance(features, tuple) else features

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        """Turn texts into token ids [T, context length]; longer texts are cut.

        Raises:
            BadInput: the text tower was trained with another vocabulary, or its tokenizer is not installed.
        """
        tokens = self.text_tokenizer(list(texts))
        vocabulary = self.module.vocab_size
        if tokens.numel() and int(tokens.max()) >= vocabulary:
            raise BadInput(
                f"{self.slug} cannot read these texts: its vocabulary of {vocabulary} tokens is not its tokenizer's. "
                "Use another model for texts.",
                field="model",
            )
        return tokens.to(self.device)

    def encode_text(self, texts: Sequence[str]) -> Tensor:
        """Embed texts: [T, E], not normalised."""
        return self.module.encode_text(self.tokenize(texts))

    @cached_property
    def _fit(self) -> Callable[[Image.Image], Image.Image]:
        chain = image_transform_v2(self.preprocess, is_train=False)
        assert isinstance(chain, Compose)
        # The last two make a tensor of it and normalise, which `tensors` and `normalize` do.
        return Compose(chain.transforms[:-2])

    @cached_property
    def text_tokenizer(self) -> Any:
        """Open_clip's tokenizer of the text side. Raises `BadInput` where it is not installed."""
        try:
            return open_clip.get_tokenizer(self.tokenizer, context_length=self.module.context_length)
        except Exception as error:  # tokenizers of others need their own packages and files
            raise BadInput(
                f"The tokenizer of {self.slug} cannot be loaded ({type(error).__name__}): use another model for texts.",
                field="model",
            ) from error


def assemble(entry: Entry, module: Module, recipe: Recipe, device: torch.device) -> Clip:
    """Put a module on a device together with what its recipe says."""
    module = module.float().to(device).eval().requires_grad_(False)
    layers = layer_table(module.visual, recipe.image_size)
    mean, std = (
        torch.tensor(values, device=device).view(3, 1, 1) for values in (recipe.preprocess.mean, recipe.preprocess.std)
    )
    return Clip(
        entry=entry,
        module=module,
        device=device,
        layers=layers,
        default_layer=list(layers)[-1],
        weights_hash=weights_hash(module, recipe.model, recipe.preprocess),
        preprocess=recipe.preprocess,
        tokenizer=recipe.tokenizer,
        mean=mean,
        std=std,
    )


def weights_hash(module: torch.nn.Module, config: dict[str, Any], preprocess: PreprocessCfg) -> str:
    """Hash what decides a model's answers: configuration, preprocessing, and every tensor's name, shape and bytes.

    The tensors are hashed as the module holds them, in fp32: an fp16 file and its fp32 copy are the same model.
    """
    digest = hashlib.sha256(canonical_json({"model": config, "preprocess": asdict(preprocess)}).encode())
    for name, tensor in sorted(module.state_dict().items()):
        if not name.endswith("num_batches_tracked"):  # training's counter, absent from some files
            digest.update(f"\0{name}{tuple(tensor.shape)}\0".encode())
            digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return digest.hexdigest()[:ID_LENGTH]
