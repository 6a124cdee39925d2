"""Transactions that are done again: at once where another was quicker, and on a patient thread until the database is back."""

import inspect
import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import IntegrityError

from app.errors import Away

P = ParamSpec("P")
T = TypeVar("T")
C = TypeVar("C", bound=type)

PAUSE_S = 0.25  # before the second try; then longer
LONGEST_PAUSE_S = 1.0
_here = threading.local()


def be_patient(between: Callable[[float], object]) -> None:
    """From now on this thread waits where something is away. `between` is called between two tries with the seconds that it
    has waited; it ends the waiting by raising. What it calls itself is not patient."""
    _here.between = between


def transactions(methods: C) -> C:
    """Make every public method of a class one that is done again; each must be one transaction, or write one file."""
    for name, method in list(vars(methods).items()):
        if inspect.isfunction(method) and not name.startswith("_") and not inspect.isgeneratorfunction(method):
            setattr(methods, name, again(method))
    return methods


def again(method: Callable[P, T]) -> Callable[P, T]:
    """Do it again where it is away, on a patient thread, and once where another transaction has just made the same row."""

    @wraps(method)
    def tried(*args: P.args, **kwargs: P.kwargs) -> T:
        started = time.monotonic()
        while True:
            try:
                return _raced(method, *args, **kwargs)
            except Away:
                between = getattr(_here, "between", None)
                if between is None:
                    raise
            _pause(between, time.monotonic() - started)

    return tried


def _raced(method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return method(*args, **kwargs)
    except IntegrityError:
        return method(*args, **kwargs)


def _pause(between: Callable[[float], object], waited_s: float) -> None:
    _here.between = None
    try:
        time.sleep(min(PAUSE_S + waited_s / 4, LONGEST_PAUSE_S))
        between(waited_s)
    finally:
        _here.between = between
