"""The text side: which units of the last layer a text asks for.

Multimodal Neurons in Artificial Neural Networks (Goh et al., 2021), "Understanding language": on a map that is the same
everywhere, attention pooling is affine, so the logit of a picture and a text is bilinear in the last layer's activations
and the text's embedding: x_img^T W x_text / |x_text|, with W^T = W_o W_v of the pooling.
"""

from collections.abc import Sequence

import torch
from open_clip.modified_resnet import ModifiedResNet
from torch import Tensor, nn

from app.clip.clip import Clip


@torch.no_grad()
def unit_scores(clip: Clip, texts: Sequence[str]) -> Tensor:
    """How much each unit of the last layer speaks for each text: [T, C] = (W x_text) / |x_text|.

    It is the slope of x_img . x_text / |x_text|, the logit before the image embedding is normalised, in a change of the
    unit, after its ReLU, that is the same at every place. For a ResNet that is exact on every map as long as the
    pooling's attention stays as it is, for attention sums to 1; with attention that moves along, where the map is the
    same everywhere and the positional embedding is 0, which leaves attention nothing to choose. Biases do not matter. For
    a transformer it is what the unit, in the class token, adds on the way out, with the layer norm's division left out.

    Raises:
        BadInput: the model cannot read texts.
    """
    return bilinear(clip.module.visual, clip.encode_text(texts))


def bilinear(visual: nn.Module, embeddings: Tensor) -> Tensor:
    """Text embeddings [T, E], of any length, to unit scores [T, C]; see `unit_scores`."""
    texts = nn.functional.normalize(embeddings, dim=-1)
    if isinstance(visual, ModifiedResNet):
        pool = visual.attnpool  # one after the other: their product would be a thousand times as dear as one text's
        return texts @ pool.get_parameter("c_proj.weight") @ pool.get_parameter("v_proj.weight")
    return texts @ output_matrix(visual)


def output_matrix(visual: nn.Module) -> Tensor:
    """The linear map [E, C] from the last layer's units to the image embedding."""
    if isinstance(visual, ModifiedResNet):
        pool = visual.attnpool
        return pool.get_parameter("c_proj.weight") @ pool.get_parameter("v_proj.weight")
    return (visual.get_parameter("ln_post.weight")[:, None] * visual.get_parameter("proj")).T
