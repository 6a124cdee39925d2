"""A Python client of a Facetscope server: one file, to be put beside your own code. It needs Python 3.11 and httpx.

    from facetscope_client import Facetscope

    with Facetscope("http://127.0.0.1:8000") as scope:
        for card in scope.units("iconclip", "layer4.1", q="apple"):
            print(card["unit"], card["label"])
        render = scope.wait(scope.start_render("iconclip", "layer4.1", unit=381))
        scope.download_picture(render, "381.png")

Answers are the server's own JSON. The types below name the keys that are promised; a server may add more.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, Literal, Self, TypedDict, TypeVar, cast
from urllib.parse import quote, urlsplit

import httpx

Status = Literal["queued", "running", "training", "done", "ready", "cancelled", "failed", "cleared"]
"""A render that is cleared was done, and its pictures went for room: asked for again, it is drawn again."""
UNDER_WAY = ("queued", "running", "training")
PASSING = (429, 503)  # the server refused and says when to come back: nothing was done
PAUSE_S = 1.0  # before asking again where the server does not say when


class Layer(TypedDict):
    name: str
    channels: int
    stride: int
    map: list[int]
    url: str
    indexed: bool


class Model(TypedDict):
    """`ready` once its weights are loaded; `status` says why not."""

    slug: str
    name: str
    architecture: str
    pretrained: str
    url: str
    ready: bool
    status: str
    default_layer: str
    corpus: str | None
    layers: list[Layer]


class UnitCard(TypedDict):
    unit: int
    url: str
    label: str
    thumbnail: str | None


class Example(TypedDict):
    """An image of the corpus: `activation` in the model's units, `sd` in standard deviations from the mean; `box` is where
    the unit fires most: x0, y0, x1, y1 as fractions of the picture."""

    image: str
    page: str
    caption: str
    activation: float
    sd: float
    box: list[float]


class Stats(TypedDict):
    mean: float
    std: float
    min: float
    max: float
    images: int


class Histogram(TypedDict):
    edges: list[float]
    counts: list[int]


class Stratum(TypedDict):
    low: float
    high: float
    count: int
    examples: list[Example]


class RenderLink(TypedDict):
    id: str
    url: str
    image: str | None
    status: Status


class Unit(TypedDict):
    """`examples` are the strongest images, `bottom` the weakest, `strata` draws from the bands of the unit's range. Without an
    index of a corpus, `stats` and `histogram` are None and the lists empty."""

    model: str
    layer: str
    unit: int
    label: str
    url: str
    corpus: str | None
    stats: Stats | None
    histogram: Histogram | None
    examples: list[Example]
    bottom: list[Example]
    strata: list[Stratum]
    renders: list[RenderLink]


class Hit(TypedDict):
    unit: int
    score: float
    why: str
    url: str
    label: str


class UnitOnPicture(TypedDict):
    unit: int
    activation: float
    sd: float
    url: str
    label: str
    box: list[float]


class Look(TypedDict):
    """A picture and the units it drives most, by layer, strongest first."""

    id: str
    url: str
    image: str
    model: str
    layers: dict[str, list[UnitOnPicture]]


class Probe(TypedDict):
    """Held-out quality of a facet's probe on one layer, with the ends of a 95% interval."""

    layer: str
    auc: float
    auc_low: float
    auc_high: float
    accuracy: float


class FacetCard(TypedDict):
    id: str
    name: str
    url: str
    status: Status
    model: str
    positives: int
    best_auc: float | None


class Facet(TypedDict):
    id: str
    name: str
    url: str
    status: Status
    progress: str
    error: str | None
    model: str
    positives: int
    negatives: int
    layers: list[Probe]
    warnings: list[str]


class Frame(TypedDict):
    step: int
    url: str


class Render(TypedDict):
    """`activation` is that of what was made large, `activation_percentile` where it lies in the corpus, 0 to 100; `facet_score`
    is the facet's probability, 0 to 1; `image` is None until it is done."""

    id: str
    url: str
    spec: dict[str, Any]
    status: Status
    step: int
    steps: int
    activation: float | None
    activation_percentile: float | None
    facet_score: float | None
    frames: list[Frame]
    image: str | None
    elapsed_s: float
    error: str | None


class Finding(TypedDict):
    """What every finding has. What else it has depends on its kind: `scope.get(finding["url"])` is a plain dict with all."""

    id: str
    url: str
    kind: str
    status: Status
    step: int
    steps: int
    progress: str
    error: str | None


Work = TypeVar("Work", Render, Facet, Finding)
"""What takes a while and has an address from the start."""


class FacetscopeError(Exception):
    """What the server refused, in its own words: `title` and `detail`; `status` is that of HTTP, None where work has failed or
    nobody answered; `field` is the input at fault; after `retry_after_s` seconds the same may be tried again."""

    def __init__(
        self,
        title: str,
        detail: str,
        status: int | None = None,
        field: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(f"{title}: {detail}")
        self.title, self.detail, self.status = title, detail, status
        self.field, self.retry_after_s = field, retry_after_s


class Facetscope:
    """A server. Use it in a `with` block, or `close` it.

    Args:
        url: Where it is.
        key: An API key, where the server asks for one.
        tries: How often a request is sent in all while the server is busy (429), not ready (503) or does not answer.
        longest_wait_s: The longest that one of them waits; a server that asks for more is told of by an error at once.
        timeout_s: How long an answer may take.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        key: str | None = None,
        *,
        tries: int = 5,
        longest_wait_s: float = 60,
        timeout_s: float = 60,
    ) -> None:
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout_s)
        self._tries, self._longest_wait_s = tries, longest_wait_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # What there is

    def models(self) -> list[Model]:
        """The models that the server knows, the default one first."""
        return self.get("/models")["models"]

    def model(self, slug: str) -> Model:
        """One model and its layers."""
        return self.get(_path("models", slug))

    def units(self, model: str, layer: str, **choice: str | int) -> Iterator[UnitCard]:
        """All units of a layer, page by page as they are asked for. A `choice` narrows or sorts them as the layer's page does:
        `q`, `facet`, `family`, `corpus`, `sort`, and `limit` units a page."""
        page = self.get(_path("models", model, layer), **choice)
        yield from page["units"]
        while page["next"]:
            page = self.get(page["next"])
            yield from page["units"]

    def unit(self, model: str, layer: str, unit: int, **choice: str) -> Unit:
        """One unit with its dataset examples: of one `corpus`, under one `facet`; `view` shows them as a `picture`, as a `heat`
        map, or as the `crop` that drives the unit."""
        return self.get(_path("models", model, layer, unit), **choice)

    def search(self, q: str, **choice: str) -> list[Hit]:
        """The units that match words or a number: of one `model` and `layer`, or of the defaults."""
        return self.get("/search", q=q, **choice)["units"]

    def facets(self) -> list[FacetCard]:
        """All facets."""
        return self.get("/facets")["facets"]

    def facet(self, facet_id: str) -> Facet:
        """One facet and the quality of its probes."""
        return self.get(_path("facets", facet_id))

    def render(self, render_id: str) -> Render:
        """One render, as far as it is."""
        return self.get(_path("renders", render_id))

    def finding(self, finding_id: str) -> Finding:
        """What an instrument found, as far as it is."""
        return self.get(_path("findings", finding_id))

    # What can be made. The same asked for twice is one thing with one address.

    def look(self, picture: Path | str, **choice: str) -> Look:
        """Look at a picture file with the default model, or with `model`: which units does it drive?"""
        return self._made("/looks", data=choice, files=[("image", _file(picture))])

    def start_facet(self, name: str, pictures: Iterable[Path | str], **choice: str) -> Facet:
        """Send pictures of a theme, or one .zip of them; the probes are trained while you `wait`. For the default model, or
        `model`; told from the pictures of its corpus, or of `corpus`."""
        files = [("images", _file(each)) for each in pictures]
        return self._made("/facets", data={"name": name, **choice}, files=files)

    def start_render(self, model: str, layer: str, **spec: Any) -> Render:
        """Start a feature visualization of a `unit`, a `direction` or a `prompt`: with a `facet` (an id) and its `strength`,
        `preset`, `size` in pixels, `steps`, `seed`. Follow it, or wait for it."""
        return self._made("/renders", json={"model": model, "layer": layer, **spec})

    def start_finding(self, kind: str, model: str, **spec: Any) -> Finding:
        """Put an instrument of the laboratory to work, such as `captions` or `words`, by its spec."""
        return self._made("/findings", json={"kind": kind, "model": model, **spec})

    def cancel(self, work: Render | Finding) -> None:
        """Stop a render or an instrument; what there is of it stays."""
        self._ask("POST", f"{work['url']}/cancel")

    def follow(self, work: Work) -> Iterator[Work]:
        """Yield a render, a facet or a finding whenever there is more of it, and at last as it ended. A slow reader skips.

        It asks after every event of the server's stream, and each second where the stream is not to be had.
        """
        state = cast(Work, self.get(work["url"]))
        yield state
        while state["status"] in UNDER_WAY:
            for _ in self._events(work["url"]):
                state = cast(Work, self.get(work["url"]))
                yield state
            if state["status"] in UNDER_WAY:
                time.sleep(PAUSE_S)
                state = cast(Work, self.get(work["url"]))
                yield state

    def wait(self, work: Work) -> Work:
        """Wait until a render, a facet or a finding is over. Raises FacetscopeError if it failed."""
        for state in self.follow(work):
            work = state
        if work["status"] == "failed":
            raise FacetscopeError(f"{work['url']} failed", work["error"] or "The server does not say why.")
        return work

    # Addresses and files

    def get(self, address: str, **query: str | int | float | bool | None) -> Any:
        """The JSON of any page by its address, such as the `url` of an answer; what is None in the query is left out."""
        path, mark, old = address.partition("?")
        given = {name: value for name, value in query.items() if value is not None}
        return self._ask("GET", f"{path}.json{mark}{old}", **({"params": given} if given else {})).json()

    def download(self, address: str, to: Path | str) -> Path:
        """Write a picture or a file (`.../units.csv`) to a path; returns that."""
        path = Path(to)
        path.write_bytes(self._ask("GET", address).content)
        return path

    def download_picture(self, render: Render, to: Path | str) -> Path:
        """Write the finished picture, a PNG. Raises FacetscopeError while there is none."""
        if render["image"] is None:
            remedy = "ask for it again" if render["status"] == "cleared" else "wait for it first"
            raise FacetscopeError("No picture yet", f"The render is {render['status']}: {remedy}.")
        return self.download(render["image"], to)

    def download_frames(self, render: Render, folder: Path | str) -> list[Path]:
        """Write the frames, WebP named by their step, to a folder that is made if need be."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        return [self.download(each["url"], Path(folder) / f"{each['step']:05d}.webp") for each in render["frames"]]

    # How

    def _made(self, address: str, **body: Any) -> Any:
        return self.get(self._ask("POST", address, **body).json()["url"])

    def _events(self, url: str) -> Iterator[None]:
        """One item for each state that a stream tells of, until it ends or breaks off."""
        with suppress(httpx.TransportError), self._http.stream("GET", f"{url}/events") as answer:
            if answer.status_code in PASSING:
                return
            if answer.is_error:
                answer.read()
            _check(answer)
            for line in answer.iter_lines():
                if line == "event: end":
                    return
                if line.startswith("id:"):
                    yield

    def _ask(self, method: str, address: str, **request: Any) -> httpx.Response:
        """Send a request, again where that may help and does no harm. Raises FacetscopeError for what is refused at last."""
        if not address.startswith("/") or urlsplit(address).netloc:
            raise ValueError(f"{address} is no address of this server: those begin with one /.")
        for attempt in count():
            try:
                return self._once(method, address, **request)
            except FacetscopeError as error:
                wait_s = error.retry_after_s or PAUSE_S * 2**attempt
                if not _may_repeat(error, method) or attempt + 1 >= self._tries or wait_s > self._longest_wait_s:
                    raise
            time.sleep(wait_s)
        raise AssertionError("count() never ends")

    def _once(self, method: str, address: str, **request: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, address, **request)
        except httpx.TransportError as error:
            raise FacetscopeError("No answer", f"{self._http.base_url} {error}") from error
        _check(answer)
        return answer


def _may_repeat(error: FacetscopeError, method: str) -> bool:
    """Whether nothing was done, or nothing changes if it is done twice."""
    unanswered = error.status is None and (method == "GET" or isinstance(error.__cause__, httpx.ConnectError))
    return error.status in PASSING or unanswered


def _check(answer: httpx.Response) -> None:
    """Raise what an answer refuses; one that is no problem document is told by its status."""
    if answer.status_code < 300:
        return
    told = "problem+json" in answer.headers.get("content-type", "")
    problem: dict[str, Any] = answer.json() if told else {}
    after = answer.headers.get("retry-after", "")
    raise FacetscopeError(
        problem.get("title", answer.reason_phrase),
        problem.get("detail", f"{answer.request.method} {answer.request.url} was answered with {answer.status_code}."),
        answer.status_code,
        problem.get("field"),
        float(after) if after.isdecimal() else None,
    )


def _path(*segments: str | int) -> str:
    """An address of the server. A slash or a percent sign inside a segment (in a model's slug) is quoted twice: servers undo
    one."""
    return "/" + "/".join(quote(str(each).replace("%", "%25").replace("/", "%2F"), safe=":@") for each in segments)


def _file(path: Path | str) -> tuple[str, bytes]:
    return Path(path).name, Path(path).read_bytes()
