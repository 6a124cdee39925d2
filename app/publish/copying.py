"""Making a copy: every page is asked of the application itself, as a browser would, and rewritten."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
from pydantic import BaseModel
from starlette.requests import Request

from app import urls
from app.corpus import listing
from app.errors import NotReady
from app.microscope import Microscope
from app.progress import progress
from app.publish.about import credits, describe
from app.publish.contents import Contents
from app.publish.folder import Folder, whole
from app.publish.markup import rewritten
from app.publish.places import Places
from app.web.app import create_app
from app.web.scope import FacetNames


def publish(
    microscope: Microscope,
    contents: Contents,
    place: Path,
    *,
    replace: bool = False,
    authors: list[str] | None = None,
    licence: str = "",
) -> Folder:
    """Write a copy to the folder `place`, whole or not at all, and return it.

    Args:
        microscope: Its model is loaded; its device thread is not needed.
        replace: An earlier copy may be there, which the new one takes the place of.
        licence: What is said of the rights to the pictures.
    """
    with whole(place, replace) as folder:
        copy = Copy(microscope, contents, folder)
        asyncio.run(copy.make(authors or [], licence))
    return folder


class Copy:
    """A copy that is being made in a folder. `needed` are the files that its pages name, with the server's addresses."""

    def __init__(self, microscope: Microscope, contents: Contents, folder: Folder) -> None:
        self.microscope, self.contents, self.folder = microscope, contents, folder
        self.addresses = list(contents.pages())
        self.places = Places(frozenset([*contents.galleries(), *self.addresses]), contents.corpus)
        self.needed: dict[str, str] = {}
        # Nobody listens: this process asks, under whatever name.
        self.app = create_app(microscope.settings.model_copy(update={"allowed_hosts": ("*",), "access": "private"}))
        self.app.state.microscope = microscope

    async def make(self, authors: list[str], licence: str) -> None:
        """Write every page, then what the copy says of itself and every file that the pages name."""
        for layer in self.contents.units:
            self._gallery(layer)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://localhost") as client:
            with progress("pages") as tell:
                for done, address in enumerate(self.addresses, start=1):
                    self._page(address, (await _get(client, address)).decode())
                    tell(done, len(self.addresses))
            credited = credits(self.microscope.indexes.need(self.contents.slug), self.needed)
            about = describe(self.microscope, self.contents, credited.values(), authors, licence)
            self._page("/", self._view("copy.html", "/", about, twin=None))
            self.folder.write("CITATION.cff", about.citation.encode())
            if credited:
                table = pa.table({"file": list(credited), "credit": list(credited.values())})
                self.folder.write("credits.csv", listing.as_csv(table))
            rest = {file: address for file, address in self.needed.items() if file not in self.folder.files}
            with progress("pictures and files") as tell:
                for done, (file, address) in enumerate(rest.items(), start=1):
                    self.folder.write(file, await _get(client, address))
                    tell(done, len(rest))
        units = {layer: len(chosen) for layer, chosen in self.contents.units.items()}
        self.folder.write_manifest(
            {**about.model_dump(mode="json", exclude={"layers", "renders", "facets"}), "units": units}
        )

    def _gallery(self, layer: str) -> None:
        """The gallery of a layer: one page of all the units that are in the copy."""
        slug, browser = self.contents.slug, self.microscope.browser
        address, units = urls.layer(slug, layer), self.contents.units[layer]
        cards = browser.cards(slug, layer, units, browser.index(slug, layer))
        page = self.microscope.browser.layer_page(slug, layer, limit=1)
        page = page.model_copy(update={"units": cards, "total": len(cards), "next": None, "families": []})
        self._page(address, self._view("layer.html", address, page))
        self._write(urls.json_twin(address), page.model_dump_json().encode())

    def _view(self, template: str, address: str, page: BaseModel, **extra: Any) -> str:
        request = Request({"type": "http", "method": "GET", "path": address, "query_string": b"", "headers": []})
        shared = {"facet_name": FacetNames(self.microscope), "card_of": self.microscope.card_url}
        return bytes(self.app.state.views.page(request, template, page, **shared, **extra).body).decode()

    def _page(self, address: str, html: str) -> None:
        html, needed = rewritten(html, str(self.places.file(address)), self.places)
        self.needed |= needed
        self._write(address, html.encode())

    def _write(self, address: str, data: bytes) -> None:
        self.folder.write(str(self.places.file(address)), data)


async def _get(client: httpx.AsyncClient, address: str) -> bytes:
    answer = await client.get(address)
    if answer.status_code != 200:
        raise NotReady(
            f"{address} is part of the copy, but the answer to it is {answer.status_code}: nothing is written."
        )
    return answer.content
