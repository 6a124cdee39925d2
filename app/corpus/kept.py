"""What was composed from an index is kept as long as the index is open, and no longer: an index that was built anew would
else hold its files, and the room on the disk that they take."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Concatenate, ParamSpec, TypeVar, cast
from weakref import WeakKeyDictionary, ref

from app.corpus.index import Index

P = ParamSpec("P")
T = TypeVar("T")
UNITS = 512  # whose answers are kept where nothing else is said: of up to a tenth of a megabyte each

Asked = Callable[Concatenate[Index, P], T]


def kept(most: int = UNITS) -> Callable[[Asked[P, T]], Asked[P, T]]:
    """Keep the last `most` answers of a function about each index, its first argument. The others must be hashable and not
    lead to the index; nobody may change an answer."""

    def decorate(function: Asked[P, T]) -> Asked[P, T]:
        by_index = WeakKeyDictionary[Index, Callable[P, T]]()

        @wraps(function)
        def asked(index: Index, *args: P.args, **kwargs: P.kwargs) -> T:
            answer = by_index.get(index)
            if answer is None:
                answer = by_index.setdefault(index, _kept(function, ref(index), most))
            return answer(*args, **kwargs)

        return asked

    return decorate


def _kept(function: Asked[P, T], index: ref[Index], most: int) -> Callable[P, T]:
    def answer(*args: P.args, **kwargs: P.kwargs) -> T:
        return function(cast(Index, index()), *args, **kwargs)  # whoever asks has the index

    return cast(Callable[P, T], lru_cache(maxsize=most)(answer))
