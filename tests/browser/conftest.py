"""A real server and a real Chromium. Every page that a test opens fails it on console errors and CSP violations."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, sync_playwright

from tests.browser.server import Server
from tests.pictures import furnished_folder

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

Open = Callable[..., Page]


def chromium() -> str | None:
    """The browser to drive, from the system."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip("no Chromium is installed, so nothing was tested in a browser: install the package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The embedded model, served."""
    server = Server("iconclip", tmp_path_factory.mktemp("site") / "data")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def furnished_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The tiny model with all that a model may bring along, and a corpus whose records have a family and which has 40 of its
    pictures twice; never stopped."""
    folder = tmp_path_factory.mktemp("furnished")
    server = Server(f"small@{furnished_folder(folder / 'small', copies=40)}", folder / "data")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def small_site(tmp_path: Path) -> Iterator[Server]:
    """A server of its own over the tiny model, for tests that stop it."""
    server = Server(f"small@{furnished_folder(tmp_path / 'small')}", tmp_path / "data")
    server.start()
    yield server
    if server.process and server.process.poll() is None:
        server.stop()


class Complaints(list[str]):
    """What the browser's console says; an answer above 399 counts unless it is the page that was asked for."""

    def watch(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.append(f"script: {error}"))
        page.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.append(f"console: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            self.append(f"{response.status}: {response.url}")


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def new_context(browser: Browser, complaints: Complaints) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser contexts that are closed after the test; the test fails if their pages complained."""
    contexts = []

    def make(**options: object) -> BrowserContext:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(60_000)
        context.on("page", complaints.watch)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    return new_context(viewport={"width": 1280, "height": 900}).new_page()
