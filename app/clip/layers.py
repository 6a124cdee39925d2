"""The layer table: every block output of a vision tower by name, with its channels, stride and map size."""

from dataclasses import dataclass

from open_clip.modified_resnet import ModifiedResNet
from open_clip.transformer import VisionTransformer
from torch import nn

from app.errors import BadInput

STEM_STRIDE = 4  # a strided convolution, then average pooling


@dataclass(frozen=True)
class Layer:
    """One addressable block output. `map` is (height, width) at the trained image size; `path` leads to the block
    from the vision tower."""

    name: str
    channels: int
    stride: int
    map: tuple[int, int]
    path: str


def layer_table(visual: nn.Module, image_size: int) -> dict[str, Layer]:
    """List the blocks of a tower in the order they run, by name: `layer3.2` (ResNet) or `blocks.11` (transformer).

    Raises:
        BadInput: the tower is neither a ModifiedResNet nor an open_clip VisionTransformer with a class token.
    """
    if isinstance(visual, ModifiedResNet):
        layers = _resnet(visual, image_size)
    elif isinstance(visual, VisionTransformer):
        layers = _transformer(visual, image_size)
    else:
        raise BadInput(
            f"The layers of a {type(visual).__name__} cannot be read: choose a model with open_clip's ResNet or "
            "vision transformer.",
            field="model",
        )
    return {layer.name: layer for layer in layers}


def _resnet(visual: ModifiedResNet, image_size: int) -> list[Layer]:
    layers, stride = [], STEM_STRIDE
    side = (image_size + 1) // 2 // 2  # the convolution rounds up, the pooling down
    for stage in ("layer1", "layer2", "layer3", "layer4"):
        for index, block in enumerate(getattr(visual, stage)):
            stride, side = stride * block.stride, side // block.stride
            name = f"{stage}.{index}"
            layers.append(Layer(name, block.bn3.num_features, stride, (side, side), name))
    return layers


def _transformer(visual: VisionTransformer, image_size: int) -> list[Layer]:
    stride = visual.conv1.kernel_size[0]
    side = image_size // stride
    return [
        Layer(f"blocks.{index}", visual.transformer.width, stride, (side, side), f"transformer.resblocks.{index}")
        for index in range(len(visual.transformer.resblocks))
    ]
