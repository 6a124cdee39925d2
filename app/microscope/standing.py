"""How a server stands: the numbers that `/metrics` and the status page show."""

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import torch
from prometheus_client.core import Metric

from app.answers.status import IndexState, ModelState, StatusPage
from app.errors import Away
from app.microscope.indexes import Indexes
from app.microscope.metrics import Metrics, gauge, gauges
from app.microscope.residents import Residents
from app.settings import VERSION, Settings
from app.store import Store
from app.store.tables import now
from app.worker import Worker

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Standing:
    """Looks at the parts of a microscope; nothing that it says is secret. `made_bytes` is what people made takes up, None
    before that was measured."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        worker: Worker,
        residents: Residents,
        indexes: Indexes,
        made_bytes: Callable[[], int | None],
    ) -> None:
        self.settings = settings
        self.store = store
        self.worker = worker
        self.residents = residents
        self.indexes = indexes
        self.made_bytes = made_bytes
        self._started = time.monotonic()

    def gauges(self, ready: bool) -> Iterator[Metric]:
        """What `/metrics` asks for at every scrape: cheap, whatever is stored."""
        yield gauge("ready", "Whether the default model and its index are ready.", ready)
        yield gauge("queue_depth", "Jobs that wait for the device.", self.worker.depth)
        yield gauge("running_jobs", "Jobs that are under way on the device.", self.worker.running)
        of_database = self._of_database()
        yield gauge(
            "database_up",
            "Whether the database answers; where not, what it would be asked is left out.",
            bool(of_database),
        )
        yield from of_database
        yield gauge("disk_free_bytes", "Room on the disk of the data folder.", _free(self.settings.data))
        made = self.made_bytes()
        if made is not None:
            yield gauge("made_bytes", "Files that people made, as of the last sweep.", made)

    def _of_database(self) -> list[Metric]:
        """What the database says; nothing while it is away."""
        tally = self.store.tally
        try:
            renders = [((status,), count) for status, count in tally.renders().items()]
            facets = [((status,), count) for status, count in tally.facets().items()]
            findings, taken = tally.findings().items(), tally.database_bytes()
        except Away:
            return []
        return [
            gauges("renders", "Renders kept, by what came of them.", ("status",), renders),
            gauges("findings", "Findings kept, by what came of them.", ("kind", "status"), findings),
            gauges("facets", "Facets kept, by the state of their training.", ("status",), facets),
            gauge("database_bytes", "What the database takes up.", taken),
        ]

    def page(self, ready: bool, reason: str, metrics: Metrics) -> StatusPage:
        """The same for people."""
        tally, moment = self.store.tally, now()
        return StatusPage(
            ready=ready,
            reason=reason,
            version=VERSION,
            uptime_s=time.monotonic() - self._started,
            device=_device(self.residents.device),
            torch=torch.__version__,
            models=[ModelState(slug=slug, loaded=ok, said=said) for slug, ok, said in self._models()],
            indexes=list(self._indexes()),
            waiting=self.worker.depth,
            queue_size=self.worker.queue_size,
            running=self.worker.running,
            last_hour=tally.renders(moment - HOUR),
            failed_day=tally.renders(moment - DAY).get("failed", 0) + self._failed_findings(),
            errors=metrics.failures,
            database=tally.kind,
            revision=tally.revision(),
            database_bytes=tally.database_bytes(),
            made_bytes=self.made_bytes(),
            quota_bytes=self.settings.disk_quota_bytes or None,
            free_bytes=_free(self.settings.data),
        )

    def _models(self) -> Iterator[tuple[str, bool, str]]:
        for slug in self.residents.slugs:
            yield slug, *self.residents.state(slug)

    def _indexes(self) -> Iterator[IndexState]:
        for name in self.indexes.names():
            manifest = self.indexes.open(name).manifest
            yield IndexState(name=name, model=manifest.model, images=manifest.images, layers=len(manifest.layers))

    def _failed_findings(self) -> int:
        found = self.store.tally.findings(now() - DAY)
        return sum(count for (_, status), count in found.items() if status == "failed")


def _device(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free
