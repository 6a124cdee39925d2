"""Keeps the data folder within its bounds: what killed processes left, uploads whose time is over, pictures over the quota."""

import logging
import threading
from datetime import timedelta

from app.corpus.replacing import sweep_stopped
from app.settings import Settings
from app.store import Store
from app.store.tables import now
from app.whole import sweep

log = logging.getLogger(__name__)
EVERY_S = 600
DAY_S = 24 * 3600


class Sweeper:
    """Sweeps at the start and every ten minutes, on a thread of its own.

    Ages are what has passed since a file or row was made. Where the clock was moved back they are negative: then nothing
    is old.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings = settings
        self.store = store
        self.made_bytes: int | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweep", daemon=True)

    def start(self) -> None:
        """Start the thread, when what the process before this one left is removed."""
        self.drop_unfinished()
        self._thread.start()

    def close(self, timeout_s: float = 5.0) -> None:
        """Stop after the present sweep."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        over = False
        while not over:
            try:
                self.sweep()
            except Exception:  # the next sweep may fare better, and nothing else depends on it
                log.exception("the sweep of the data folder failed")
            over = self._closing.wait(EVERY_S)

    def sweep(self) -> None:
        """Bring the data folder within its bounds once."""
        self.drop_unfinished()
        self.drop_strays()
        if self.settings.keep_uploads_days:
            self.forget_old(self.settings.keep_uploads_days)
        self.made_bytes = self.store.files.made_bytes()
        quota = self.settings.disk_quota_bytes
        if quota and self.made_bytes > quota:
            self.make_room(quota)

    def drop_unfinished(self) -> None:
        """Remove what killed processes left that nobody goes on from."""
        sweep(self.settings.data)
        sweep_stopped(self.settings.data / "indexes")

    def drop_strays(self) -> None:
        """Remove the pictures of renders that were deleted while something still drew them, and what was out of reach then."""
        self.store.keeping.drop_unused([])
        drawn = self.store.files.drawn()  # before the rows are asked for: a render has its row first
        for render_id in drawn - self.store.keeping.known_renders():
            self.store.files.drop_render(render_id)

    def forget_old(self, days: int) -> None:
        """Delete the looks of more than so many days ago, and the uploads of then that nothing uses."""
        self.store.keeping.forget_looks_before(now() - timedelta(days=days))
        self._drop_unused(days * DAY_S)

    def make_room(self, quota: int) -> None:
        """Remove uploads that nothing has used for a day, then the pictures of the oldest renders that nobody keeps or shows,
        until what people made takes up at most `quota` bytes, which it does not now."""
        self._drop_unused(DAY_S)
        taken = self.made_bytes = self.store.files.made_bytes()
        if taken <= quota:
            return
        drawn, shared = self.store.files.drawn(), self.store.keeping.shared_renders()
        for render_id in self.store.keeping.clearable():
            if taken <= quota:
                break
            if render_id in drawn and render_id not in shared:
                taken -= self.store.keeping.clear(render_id)
        self.made_bytes = taken
        if taken > quota:
            log.warning("what people made takes up %d bytes of %d allowed, and nothing more may go", taken, quota)

    def _drop_unused(self, older_than_s: float) -> None:
        unused = self.store.files.uploads() - self.store.keeping.used()  # of few has the age to be asked for
        old = [upload for upload in unused if self.store.files.upload_age_s(upload) > older_than_s]
        if old:
            self.store.keeping.drop_unused(old)  # asks again what is used
