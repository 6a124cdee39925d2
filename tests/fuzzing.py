"""How much the fuzzing tests try: a little and always the same in every run, much and always something new in `make fuzz`."""

import os

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("FUZZ", "1"))
"""So many times as many examples."""


def examples(count: int) -> settings:
    """Try `count` examples, or `FUZZ` times as many."""
    return settings(
        max_examples=count * TIMES,
        derandomize=TIMES == 1,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
