"""People who use a server that may be gone at any moment, and remember what it said it had kept."""

import random
import threading
from collections.abc import Callable

import httpx

from tests.pictures import blobs, png
from tests.web.conftest import LAYER

UNFINISHED = ("queued", "running", "training")
UNIT = f"/models/small/{LAYER}/3"
JSON = {"Accept": "application/json"}


class People:
    """Sends one thing after the other until it is stopped, whether the server answers or not."""

    def __init__(self, url: str, seed: int) -> None:
        self.url = url
        self.kept: dict[str, str] = {}
        """Address of what the server said was kept, and what that is."""
        self.notes: set[str] = set()
        """The notes that it said were kept, of which those of a unit have one address together."""
        self.does = ""
        """What is being sent at the moment, or nothing."""
        self._random = random.Random(seed)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the present request."""
        self._stopped.set()
        self._thread.join(60)

    def _run(self) -> None:
        does: dict[str, Callable[[httpx.Client], httpx.Response]] = {
            "look": self._look,
            "render": self._render,
            "facet": self._facet,
            "note": self._note,
            "list": self._list,
            "finding": self._finding,
        }
        with httpx.Client(base_url=self.url, headers=JSON, timeout=30) as client:
            while not self._stopped.wait(0.1):
                (what,) = self._random.choices(list(does), (8, 8, 4, 8, 8, 1))  # a search for captions takes seconds
                self.does = what
                try:
                    answer = does[what](client)
                except httpx.HTTPError:  # it was killed, and this was not kept, or was and nobody was told
                    continue
                finally:
                    self.does = ""
                assert answer.status_code in (200, 201, 429, 503), answer.text
                if answer.is_success:
                    self.kept[answer.json()["url"]] = what

    def _picture(self) -> bytes:
        return png(blobs(self._random.randrange(10**6))[0])

    def _look(self, client: httpx.Client) -> httpx.Response:
        return client.post("/looks", files={"image": ("a.png", self._picture())})

    def _facet(self, client: httpx.Client) -> httpx.Response:
        files = [("images", (f"{i}.png", self._picture())) for i in range(8)]
        return client.post("/facets", data={"name": f"facet {self._random.random()}"}, files=files)

    def _render(self, client: httpx.Client) -> httpx.Response:
        fields = {"model": "small", "layer": LAYER, "unit": 3, "size": 32, "steps": 25}
        return client.post("/renders", json={**fields, "seed": self._random.randrange(10**6)})

    def _finding(self, client: httpx.Client) -> httpx.Response:
        fields = {"kind": "captions", "model": "small", "layer": LAYER, "unit": 3, "restarts": 1}
        return client.post("/findings", json={**fields, "seed": self._random.randrange(10**6)})

    def _note(self, client: httpx.Client) -> httpx.Response:
        client.cookies.clear()  # another person: one has one note a unit
        note = f"note {self._random.random()}"
        unit = self._random.randrange(256)  # a hundred notes on one are enough, it says
        answer = client.post(f"/models/small/{LAYER}/{unit}/notes", json={"note": note})
        if answer.is_success:
            self.notes.add(note)
        return answer

    def _list(self, client: httpx.Client) -> httpx.Response:
        return client.post("/lists", json={"title": f"list {self._random.random()}"})
