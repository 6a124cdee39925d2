"""From a configuration and a state dict to an open_clip module."""

import json
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.pretrained import get_pretrained_cfg
from open_clip.transform import PreprocessCfg, merge_preprocess_dict

from app.clip.checkpoint import CONFIG, State
from app.errors import BadInput, NotReady, WeightsMissing

Module = open_clip.CLIP | open_clip.CustomTextCLIP


@dataclass(frozen=True)
class Recipe:
    """Everything about a model that its tensors do not tell."""

    model: dict[str, Any]  # open_clip's model_cfg, QuickGELU settled
    preprocess: PreprocessCfg  # of the weights, at the architecture's image size
    tokenizer: str  # what open_clip.get_tokenizer wants

    @property
    def image_size(self) -> int:
        """The side in pixels of the pictures the model was trained on."""
        return _side(self.model)


def tag_recipe(architecture: str, tag: str) -> Recipe:
    """The recipe of open_clip's weights: the tag decides the preprocessing and the activation function."""
    weights = get_pretrained_cfg(architecture, tag)
    model = _model_config(architecture)
    model["quick_gelu"] = bool(weights.get("quick_gelu", False)) or bool(model.get("quick_gelu", False))
    return Recipe(model, _preprocess(model, weights), architecture)


def folder_recipe(folder: Path, slug: str) -> Recipe:
    """The recipe of a folder in hub layout, from its open_clip_config.json.

    Raises:
        WeightsMissing: the folder has no config.
        NotReady: the config is no JSON or lacks `model_cfg`.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise WeightsMissing(
            f"The weights of {slug} are not here: {path} was not found; a model folder holds {CONFIG} and a "
            ".safetensors file.",
            field="model",
        )
    config = _read_config(path)
    return Recipe(
        config["model_cfg"], _preprocess(config["model_cfg"], config.get("preprocess_cfg", {})), f"local-dir:{folder}"
    )


def local_recipe(architecture: str, weights: Path, *, quick_gelu: bool) -> Recipe:
    """The recipe of one checkpoint file of a named architecture.

    A config beside the file, as in a hub snapshot, decides the preprocessing and the activation function; without
    one the preprocessing is OpenAI's, which is open_clip's default too.
    """
    model = _model_config(architecture)
    beside = weights.parent / CONFIG
    config = _read_config(beside) if beside.is_file() else {"model_cfg": {}}
    told = config["model_cfg"].get("quick_gelu", model.get("quick_gelu", False))
    model["quick_gelu"] = bool(quick_gelu or told)
    return Recipe(model, _preprocess(model, config.get("preprocess_cfg", {})), architecture)


def check_tower(architecture: str) -> None:
    """Refuse architectures whose vision tower has no layers we can address.

    Raises:
        BadInput: the tower comes from timm, or the model is a captioner.
    """
    config = _model_config(architecture)
    tower = config["vision_cfg"].get("timm_model_name") or ("a captioner's tower" if "multimodal_cfg" in config else "")
    if tower:
        raise BadInput(
            f"{architecture} sees through {tower}, whose layers cannot be read: choose a model with open_clip's own "
            "ResNet or vision transformer, such as RN50x4 or ViT-B-32.",
            field="model",
        )


def module_from(recipe: Recipe, state: State | None, path: Path | None) -> Module:
    """Build the module and load the tensors, which are cast to its fp32 parameters; without a state it is random.

    Raises:
        NotReady: names or shapes of the tensors do not fit the architecture.
    """
    config = deepcopy(recipe.model)
    custom_text = config.pop("custom_text", False) or "hf_model_name" in config["text_cfg"]
    if "hf_model_name" in config["text_cfg"]:
        config["text_cfg"]["hf_model_pretrained"] = False  # the checkpoint has the text tower's weights as well
    try:
        with torch.random.fork_rng(devices=[]):  # the initial values are overwritten; nobody's random numbers move
            module = (open_clip.CustomTextCLIP if custom_text else open_clip.CLIP)(**config)
    except (TypeError, KeyError, ImportError) as error:
        raise NotReady(f"open_clip cannot build this model ({error}): check its config.", field="model") from error
    if state is not None:
        _load(module, state, path)
    return module.eval().requires_grad_(False)


def _load(module: Module, state: State, path: Path | None) -> None:
    if "positional_embedding" in state and not hasattr(module, "positional_embedding"):
        state = open_clip.model.convert_to_custom_text_state_dict(state)
    if "logit_scale" in state:  # a scalar in some files, a vector of one in others
        state = state | {"logit_scale": state["logit_scale"].reshape(module.logit_scale.shape)}
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        first = str(error).splitlines()[1].strip() if "\n" in str(error) else str(error)
        raise NotReady(
            f"The file {path} does not hold this architecture ({first[:200]}): name the architecture it was trained "
            "with before the @.",
            field="model",
        ) from error


def _model_config(architecture: str) -> dict[str, Any]:
    config = open_clip.get_model_config(architecture)
    if config is None:
        raise NotReady(f"open_clip has no architecture {architecture}.", field="model")
    return config


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text("utf-8"))
        _ = config["model_cfg"]["vision_cfg"], config["model_cfg"]["text_cfg"]
    except (ValueError, KeyError, TypeError) as error:
        raise NotReady(
            f"The file {path} is no open_clip config: it must hold model_cfg with vision_cfg and text_cfg.",
            field="model",
        ) from error
    return config


def _preprocess(model: dict[str, Any], weights: dict[str, Any]) -> PreprocessCfg:
    """What the weights say over open_clip's defaults; the size is the architecture's."""
    return PreprocessCfg(**merge_preprocess_dict(PreprocessCfg(), weights | {"size": _side(model)}))


def _side(model: dict[str, Any]) -> int:
    size = model["vision_cfg"].get("image_size", 224)
    return int(size if isinstance(size, int) else size[0])
