"""What a step costs: a facet, one or five layers of it, and our step beside those of others.

On RN50 with random weights, one picture of the model's own size. Next to our own steps, which go the way of any render,
stand three written plainly, each no slower than its source does it:

- `Bare`: the model as far as the unit and back to the view, nothing else;
- `Lucent`: torch-lucent 0.1.8 at its defaults, which cannot be a dependency (it asks for kornia <= 0.4.1);
- `Released`: the gradient of the code that came with the article, openai/CLIP-featurevis `example_facets.py`.

The steps of all are taken in turn, so a busy machine slows all alike. A ratio is that of the median steps of a round; of
the rounds the median counts.
"""

import copy
import statistics
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
import torch.nn.functional as F
from open_clip.modified_resnet import ModifiedResNet
from torch import Tensor, nn

from app.clip.build import module_from, tag_recipe
from app.clip.clip import Clip, assemble
from app.clip.entry import Entry
from app.facets.facet import Facet, Probe
from app.render import precision
from app.render.ascend import Ascent
from app.render.param import FourierImage
from app.render.precision import Tower
from app.render.run import begin
from app.render.steer import steering
from app.render.transform import Affine
from app.spec import RenderSpec
from bench.rows import Row, Tell
from tests.tiny import enliven

STEPS, ROUNDS, WARM = 64, 5, 3
LAYER, UNIT = "layer4.2", 7
FACET = ("layer3.4", "layer3.2", "layer3.0", "layer2.2", "layer2.0")  # every second block below, as the released code
Step = Callable[[], None]
Maps = dict[str, Tensor]


def random_clip(architecture: str = "RN50") -> Clip:
    """An architecture of open_clip with random weights, every block of which does something."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        recipe = tag_recipe(architecture, "openai")
        module = module_from(recipe, None, None)
        assert isinstance(module.visual, ModifiedResNet)
        enliven(module.visual, pictures=8)
    return assemble(
        Entry(f"{architecture}.random", architecture, architecture, "random"), module, recipe, torch.device("cpu")
    )


def random_facet(clip: Clip, layers: Sequence[str]) -> Facet:
    """Probes that know nothing: what they cost is that of any."""
    rng = torch.Generator().manual_seed(1)
    probes = {name: Probe(name, torch.randn(clip.layers[name].channels, generator=rng), 0.0) for name in layers}
    return Facet(clip.slug, clip.weights_hash, probes, (), (), 0, 0)


def spec_of(clip: Clip, facet: Facet | None, layer: str = LAYER) -> RenderSpec:
    """The render whose steps are measured."""
    return RenderSpec.model_validate(
        {
            "model": clip.slug,
            "layer": layer,
            "unit": UNIT,
            "facet": "random" if facet else None,
            "size": clip.image_size,
            "steps": STEPS,
        }
    )


class Plain(ABC):
    """A step written plainly, on a tower of its own in torch's ordinary layout, whose unit's map is read before its
    last ReLU, as ours is."""

    def __init__(self, clip: Clip, layer: str = LAYER, tower: Tower | None = None) -> None:
        visual = copy.deepcopy((tower or Tower(clip, torch.float32)).clip.module.visual)
        assert isinstance(visual, ModifiedResNet)
        visual.get_submodule(layer).act3 = nn.Identity()
        self.visual = visual if tower else visual.to(memory_format=torch.contiguous_format)
        self.clip, self.layer, self.tower = clip, layer, tower

    def cast(self) -> AbstractContextManager[object]:
        return self.tower.cast() if self.tower else nullcontext()

    @abstractmethod
    def slope(self, seen: Tensor) -> Tensor:
        """The gradient of the objective in a view [1, 3, s, s], of the same shape."""

    @abstractmethod
    def step(self) -> None:
        """One step."""

    def maps(self, x: Tensor) -> Maps:
        """Every block's output as far as the unit's layer, [1, C, h, w]."""
        maps: Maps = {}
        x = self.visual.stem(self.clip.normalize(x))
        for name in self.clip.layers:
            x = maps[name] = self.visual.get_submodule(name)(x)
            if name == self.layer:
                break
        return maps

    def unit(self, maps: Maps) -> Tensor:
        return maps[self.layer][:, UNIT].mean()


class Bare(Plain):
    """Forward as far as the unit and back, through the tower that our passes run through: no tap, picture or view."""

    def __init__(self, clip: Clip, layer: str = LAYER) -> None:
        super().__init__(clip, layer, precision.tower(clip))
        side = clip.image_size
        view = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(2), dtype=clip.mean.dtype)
        self.view = view.contiguous(memory_format=torch.channels_last)

    def slope(self, seen: Tensor) -> Tensor:
        seen = seen.detach().requires_grad_()
        with self.cast():
            value = self.unit(self.maps(seen))
        return torch.autograd.grad(value, seen)[0]

    def step(self) -> None:
        self.slope(self.view)


class Released(Plain):
    """`example_facets.py`: one `tf.gradients` per facet layer, then the gradient of the sum.

    `attr(obj, style, [layer], strength)` is called once per layer, and each call has a `tf.gradients(obj_t, ...)` of
    its own; TensorFlow runs no block that is not asked for. The picture, its views and the optimiser are ours, which is
    cheaper than that code's fifteen transforms, and what is compared is the way to the gradient.
    """

    def __init__(self, clip: Clip, weights: Mapping[str, Tensor], layer: str = LAYER, tower: Tower | None = None):
        super().__init__(clip, layer, tower)
        self.weights = weights
        self.image = FourierImage([(0, 0)], clip.image_size, device=clip.device, dtype=clip.mean.dtype)
        self.adam = torch.optim.Adam(self.image.parameters(), lr=0.02, maximize=True)  # tf.train.AdamOptimizer(0.02)
        self.taken = 0

    def value(self, seen: Tensor) -> Tensor:
        with self.cast():
            maps = self.maps(seen)
        unit = self.unit(maps)
        total = unit
        for name, weight in self.weights.items():
            (slope,) = torch.autograd.grad(unit, maps[name], retain_graph=True)
            total = total + (weight * maps[name] * F.relu(slope)).sum()
        return total

    def slope(self, seen: Tensor) -> Tensor:
        seen = seen.detach().requires_grad_()
        return torch.autograd.grad(self.value(seen), seen)[0]

    def step(self) -> None:
        self.taken += 1
        seen = Affine()(self.image(), [(0, 0)], self.taken, self.clip.image_size)
        self.adam.zero_grad()
        self.value(seen).backward()
        self.adam.step()


class Lucent(Plain):
    """torch-lucent 0.1.8, `render_vis` at its defaults, for a picture and a view of our size.

    From `lucent/optvis/render.py`: a hook on every module, the whole model forward, `Adam(params, lr=5e-2)`, and no word
    of the model's parameters, whose gradients are therefore computed too; from `param/`: `image(w)`, a Fourier picture
    in decorrelated colours; from `transform.py`: `standard_transforms` and `normalize`. `fixed_image_size` keeps the view
    at the size of ours: without it the model would see up to 273 px. `frozen` takes the parameters out.
    """

    SCALES = tuple(1 + (i - 5) / 50 for i in range(11))
    DEGREES = (*range(-10, 11), *(5 * [0]))

    def __init__(self, clip: Clip, layer: str = LAYER, *, frozen: bool = False) -> None:
        super().__init__(clip, layer)
        self.visual = self.visual.requires_grad_(not frozen)
        self.features: Maps = {}
        for name, module in self.visual.named_modules():
            module.register_forward_hook(
                lambda _module, _inputs, output, name=name: self.features.update({name: output})
            )
        self.image = FourierImage([(0, 0)], clip.image_size, device=clip.device, dtype=clip.mean.dtype)
        self.adam = torch.optim.Adam(self.image.parameters(), lr=0.05)
        self.rng = np.random.default_rng(0)

    def slope(self, seen: Tensor) -> Tensor:
        seen = seen.detach().requires_grad_()
        self.loss(self.clip.normalize(seen)).backward()
        assert seen.grad is not None
        return -seen.grad

    def loss(self, x: Tensor) -> Tensor:
        self.visual(x)
        return -self.features[self.layer][:, UNIT].mean()

    def step(self) -> None:
        self.adam.zero_grad()
        self.loss(self.view(self.image())).backward()
        self.adam.step()

    def view(self, rgb: Tensor) -> Tensor:
        """`standard_transforms`: pad 12 with grey, jitter 8, scale, rotate, jitter 4; then `normalize` and `Upsample`."""
        x = F.pad(rgb, [12] * 4, value=0.5)
        x = self._warped(x, shift=self.rng.integers(0, 8, 2))
        x = self._scaled(x, float(self.rng.choice(self.SCALES)))
        x = self._warped(x, degrees=float(self.rng.choice(self.DEGREES)))
        x = self._warped(x, shift=self.rng.integers(0, 4, 2))
        side = self.clip.image_size
        return F.interpolate(self.clip.normalize(x), size=(side, side), mode="bilinear", align_corners=True)

    @staticmethod
    def _scaled(x: Tensor, scale: float) -> Tensor:
        side, scaled = x.shape[-1], int(np.ceil(scale * x.shape[-1]))
        edge = max(0, int(np.ceil((side - scaled) / 2)))
        return F.pad(F.interpolate(x, size=(scaled, scaled), mode="bilinear", align_corners=True), [edge] * 4)

    @staticmethod
    def _warped(x: Tensor, shift: np.ndarray | None = None, degrees: float = 0.0) -> Tensor:
        """`kornia`'s translate and rotate, which both resample bilinearly with zeros beyond the border."""
        angle, (right, down) = np.deg2rad(degrees), (0, 0) if shift is None else shift
        cos, sin, side = np.cos(angle), np.sin(angle), x.shape[-1]
        theta = [[cos, -sin, -2 * right / side], [sin, cos, -2 * down / side]]
        grid = F.affine_grid(torch.tensor([theta], dtype=x.dtype), list(x.shape), align_corners=False)
        return F.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def _ours(ascent: Ascent) -> Step:
    def step() -> None:
        ascent.take(ascent.ask().run())

    return step


def _steps(clip: Clip) -> dict[str, Step]:
    """One step of each, all from the start."""
    one, five = random_facet(clip, FACET[:1]), random_facet(clip, FACET)
    weights = steering(five, clip, LAYER, [1.0])
    return {
        "plain": _ours(begin(clip, spec_of(clip, None))),
        "one": _ours(begin(clip, spec_of(clip, one), [one])),
        "five": _ours(begin(clip, spec_of(clip, five), [five])),
        "bare": Bare(clip).step,
        "lucent": Lucent(clip).step,
        "lucent frozen": Lucent(clip, frozen=True).step,
        "released": Released(clip, weights).step,
        "released alike": Released(clip, weights, tower=precision.tower(clip)).step,
    }


def _round(steps: Mapping[str, Step], tell: Tell) -> dict[str, float]:
    """Seconds of the median step of each, taken in turn."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for count in range(STEPS):
        tell(f"step {count + 1} of {STEPS}")
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(each[WARM:]) for name, each in times.items()}


def measure(tell: Tell) -> list[Row]:
    """All ratios, from the same rounds."""
    clip = random_clip()
    dtype = str(precision.tower(clip).dtype).removeprefix("torch.")
    rounds = [_round(_steps(clip), lambda said, n=n: tell(f"round {n + 1} of {ROUNDS}, {said}")) for n in range(ROUNDS)]

    def row(name: str, ours: str, other: str, goal: float | None, note: str) -> Row:
        ratio = statistics.median(each[ours] / each[other] for each in rounds)
        took = " / ".join(f"{1000 * statistics.median(each[which] for each in rounds):.0f}" for which in (ours, other))
        return Row(f"cost.{name}", ratio, "of its step", goal, f"{note}; {took} ms", most=True)

    about = f"RN50, {clip.image_size} px, {STEPS} steps, {dtype}, {torch.get_num_threads()} threads; median of {ROUNDS} rounds"
    return [
        row("facet_layer", "one", "plain", 1.05, f"faceted at one layer over unfaceted; {about}"),
        row("facet_layers", "five", "plain", 1.40, "faceted at five layers over unfaceted"),
        row("lucent", "plain", "lucent", 0.30, "torch-lucent's recipe"),
        row("lucent_frozen", "plain", "lucent frozen", None, "the same with the model's parameters frozen"),
        row("bare", "plain", "bare", 1.15, f"forward and back alone, as far as the unit, {dtype}"),
        row("released", "five", "released", 0.50, "five facet layers by a gradient each, float32"),
        row("released_alike", "five", "released alike", None, f"the same in {dtype} and our layout"),
    ]
