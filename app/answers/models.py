"""The models, their layers and their cards."""

from pydantic import BaseModel


class LayerInfo(BaseModel):
    """One row of a model's layer table."""

    name: str
    channels: int
    stride: int
    map: tuple[int, int]
    url: str
    indexed: bool


class ModelInfo(BaseModel):
    """A model this server knows: `ready` once its weights are loaded, otherwise `status` says why not. `card` is the address
    of its model card, if it brought one."""

    slug: str
    name: str
    architecture: str
    pretrained: str
    url: str
    ready: bool
    status: str
    image_size: int
    default_layer: str
    corpus: str | None
    card: str | None
    layers: list[LayerInfo]


class Models(BaseModel):
    models: list[ModelInfo]


class CardPicture(BaseModel):
    """A picture of a model card; `target` is how the card's Markdown names it."""

    target: str
    url: str
    width: int
    height: int


class CardPage(BaseModel):
    """The card that a model brings along. `source` is its Markdown without front matter; `title` is its first heading."""

    model: str
    name: str
    title: str
    url: str
    source: str
    pictures: list[CardPicture]
