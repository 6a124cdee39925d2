"""What a monitoring system may ask of one process: what it counted, how long things took, and how things stand.

Each microscope has a registry of its own. What stands in the database is asked for anew each time: it outlives the process.
"""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

STEP_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
REQUEST_BUCKETS_S = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10, 60)


class Metrics:
    """Counters of one process. `standing` gives the gauges, at every scrape."""

    def __init__(self, standing: Callable[[], Iterable[Metric]]) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "facetscope_requests",
            "Requests by route template, method and status.",
            ["route", "method", "status"],
            registry=self._registry,
        )
        self._request_seconds = Histogram(
            "facetscope_request_seconds",
            "How long an answer took to its last byte; streams take as long as they are watched.",
            ["route"],
            buckets=REQUEST_BUCKETS_S,
            registry=self._registry,
        )
        self._step_seconds = Histogram(
            "facetscope_step_seconds",
            "One step of everything that runs on the device, with the short calls let through.",
            buckets=STEP_BUCKETS_S,
            registry=self._registry,
        )
        ProcessCollector(registry=self._registry)
        self._registry.register(_Standing(standing))

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answer. `route` and `method` must come from bounded sets."""
        self._requests.labels(route, method, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def step(self, seconds: float) -> None:
        """Count a step of the device."""
        self._step_seconds.observe(seconds)

    @property
    def failures(self) -> int:
        """How many answers said that the program is at fault, since it started."""
        samples = (sample for metric in self._requests.collect() for sample in metric.samples)
        wrong = (each for each in samples if each.name.endswith("_total") and each.labels["status"] == "500")
        return int(sum(each.value for each in wrong))

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)


class _Standing:
    """A collector that asks when it is asked."""

    def __init__(self, standing: Callable[[], Iterable[Metric]]) -> None:
        self._standing = standing

    def describe(self) -> Iterable[Metric]:
        """Nothing, so that registering it asks for nothing yet."""
        return []

    def collect(self) -> Iterable[Metric]:
        return self._standing()


def gauge(name: str, said: str, value: float) -> Metric:
    """One number."""
    return GaugeMetricFamily(f"facetscope_{name}", said, value=value)


def gauges(name: str, said: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    """Numbers apart by their labels."""
    family = GaugeMetricFamily(f"facetscope_{name}", said, labels=labels)
    for key, value in values:
        family.add_metric(key, value)
    return family
