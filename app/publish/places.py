"""Where an address of the server is in a copy."""

import re
from dataclasses import dataclass
from posixpath import dirname, normpath, relpath
from urllib.parse import parse_qsl, quote, unquote

from app.errors import BadInput

INDEX = "index.html"
_FILE = re.compile(
    r"\.(webp|png|jpe?g)$|/(units|labels)\.(csv|parquet|json)$|/examples\.csv$|/spec\.json$", re.IGNORECASE
)
"""Pictures, and the files that the pages of a copy offer; not those of every activation, which are as large as a corpus."""


@dataclass(frozen=True)
class Places:
    """The `pages` of a copy by their addresses, and the `corpus` whose examples they show."""

    pages: frozenset[str]
    corpus: str

    def is_page(self, address: str) -> bool:
        """Whether an address of the server is that of a page in the copy, as far as its path says."""
        return re.split(r"[?#]", address, maxsplit=1)[0] in self.pages

    def file(self, address: str) -> str | None:
        """The file that the copy has for an address of the server, by its path in the copy; None for what is not in it."""
        path, _, query = address.partition("#")[0].partition("?")
        asked = dict(parse_qsl(query))
        if path.startswith("/static/"):
            stem, dot, suffix = path.rpartition(".")
            return _inside(f"{stem}.{asked['v']}{dot}{suffix}")
        if asked.pop("corpus", self.corpus) != self.corpus or asked:
            return None
        if path == "/":
            return INDEX
        if path in self.pages:
            return _inside(f"{path}/{INDEX}")
        is_twin = path.endswith(".json") and path.removesuffix(".json") in self.pages
        return _inside(path) if is_twin or _FILE.search(path) else None

    def link(self, address: str, at: str) -> str | None:
        """The same as a relative address for a page that is the file `at`."""
        file = self.file(address)
        return file and quote(relpath(file, dirname(at) or "."), safe="/@")


def _inside(path: str) -> str:
    file = normpath(unquote(path).lstrip("/"))
    if file.startswith(".."):
        raise BadInput(f"{path} leads out of the copy.")
    return file
