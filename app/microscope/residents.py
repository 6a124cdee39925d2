"""The models that stay resident on the device, and what each brings along in its folder."""

import logging
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch

from app import urls
from app.answers.models import LayerInfo, ModelInfo
from app.clip import registry
from app.clip.clip import Clip
from app.clip.entry import Entry
from app.clip.layers import Layer
from app.errors import FacetscopeError, NotFound, NotReady
from app.lab.published import published_layer
from app.microscope.card import Card
from app.render.cost import Pace, pace
from app.settings import Settings
from app.worker import Worker

log = logging.getLogger(__name__)


@dataclass
class Resident:
    """A model this server was told to serve, and how far its loading has come."""

    entry: Entry
    clip: Clip | None = None
    pace: Pace | None = None
    status: str = "waiting to be loaded"
    failed: bool = False


def pick_device(wish: str) -> torch.device:
    """The device that `auto`, `cpu` or `cuda` means here. Raises `NotReady` where CUDA is asked for and missing."""
    if wish == "cuda" and not torch.cuda.is_available():
        raise NotReady("--device cuda was asked for, but torch sees no GPU: use --device auto or cpu.")
    return torch.device("cuda" if wish != "cpu" and torch.cuda.is_available() else "cpu")


class Residents:
    """Loads the served models on the device thread, one after the other, and answers for them."""

    def __init__(self, settings: Settings, worker: Worker) -> None:
        self.settings = settings
        self.worker = worker
        self.device = pick_device(settings.device)
        torch.set_num_threads(settings.torch_threads or max((os.cpu_count() or 1) - 1, 1))
        entries = [registry.entry(slug) for slug in settings.models]
        self._residents = {entry.slug: Resident(entry) for entry in entries}

    @property
    def default(self) -> str:
        """The slug of the first served model."""
        return next(iter(self._residents))

    @property
    def slugs(self) -> list[str]:
        """The served models, the default first."""
        return list(self._residents)

    def load(self, slug: str) -> None:
        """Load one model; runs on the device thread. A failure is kept and said, never raised here."""
        resident = self._residents[slug]
        resident.status = "loading its weights"
        try:
            clip = registry.load(resident.entry, self.settings.model_cache, self.device, offline=True)
            resident.pace = pace(clip)
            resident.clip, resident.status = clip, "ready"
        except FacetscopeError as error:
            resident.failed, resident.status = True, error.detail
        except Exception:
            log.exception("loading %s failed", slug)
            resident.failed, resident.status = True, f"{slug} could not be loaded: the server's log says why."

    def entry(self, slug: str) -> Entry:
        """The registry entry of a served or known model. Raises `NotFound`."""
        return self._residents[slug].entry if slug in self._residents else registry.entry(slug)

    def folder(self, slug: str) -> Path | None:
        """The folder that a model came in, if it came in one: corpus, facets and gallery may lie beside the weights."""
        place = Path(self._residents[slug].entry.pretrained)
        return place if place.is_dir() else None

    def find(self, slug: str) -> Clip | None:
        """The loaded model, or None."""
        resident = self._residents.get(slug)
        return resident.clip if resident else None

    def clip(self, slug: str) -> Clip:
        """The loaded model. Raises `NotFound` for one that is not served and `NotReady` until it is loaded."""
        resident = self._residents.get(slug)
        if resident is None:
            known = registry.entry(slug).slug
            raise NotFound(
                f"The model {known} is not served here. Start the server with --model {known}, "
                f"or choose one of: {', '.join(self._residents)}.{_readable(known)}"
            )
        if resident.clip is None:
            raise NotReady(f"The model {slug} is not ready: {resident.status}{_readable(slug)}")
        return resident.clip

    def pace(self, slug: str) -> Pace | None:
        """How fast a served model renders here; None until it is loaded."""
        resident = self._residents.get(slug)
        return resident.pace if resident else None

    def layers(self, slug: str) -> dict[str, Layer]:
        """The layer table of a known model, the first layer first, whether it is loaded or not. Raises `NotFound`."""
        return _layers(self.entry(slug))

    def state(self, slug: str) -> tuple[bool, str]:
        """Whether a served model is loaded, and its status in words."""
        resident = self._residents[slug]
        return resident.clip is not None, resident.status

    def info(self, slug: str, *, corpus: str | None, indexed: frozenset[str]) -> ModelInfo:
        """The layer table and state of a known model, whether it is served or not."""
        resident = self._residents.get(slug)
        entry = resident.entry if resident else registry.entry(slug)
        clip = resident.clip if resident else None
        layers = [
            LayerInfo(
                name=layer.name,
                channels=layer.channels,
                stride=layer.stride,
                map=layer.map,
                url=urls.layer(entry.slug, layer.name),
                indexed=layer.name in indexed,
            )
            for layer in _layers(entry).values()
        ]
        return ModelInfo(
            slug=entry.slug,
            name=entry.name,
            architecture=entry.architecture,
            pretrained=entry.pretrained if isinstance(entry.pretrained, str) else "local files",
            url=urls.model(entry.slug),
            ready=clip is not None,
            status=resident.status if resident else f"not served: start with --model {entry.slug}",
            image_size=registry.image_size(entry),
            default_layer=layers[-1].name,
            corpus=corpus,
            card=urls.card(entry.slug) if Card.find(entry) else None,
            layers=layers,
        )

    def known(self) -> list[str]:
        """All slugs worth listing: the served ones first, then what the registry knows."""
        rest = [entry.slug for entry in registry.known() if entry.slug not in self._residents]
        return [*self._residents, *rest]


def _readable(slug: str) -> str:
    """Where to read what the paper published of a model's units, which needs no weights."""
    return f" What the paper says of its units is at {urls.families(slug)}." if published_layer(slug) else ""


@lru_cache(maxsize=64)
def _layers(entry: Entry) -> dict[str, Layer]:
    return registry.layers(entry)
