"""What a key may do: each scope includes those before it."""

from collections.abc import Iterable
from typing import Literal, get_args

KeyScope = Literal["read", "make", "admin"]
SCOPES: tuple[KeyScope, ...] = get_args(KeyScope)


def rank(scope: KeyScope | None) -> int:
    """How far a scope goes: 0 for none at all, then from 1 in their order."""
    return 0 if scope is None else SCOPES.index(scope) + 1


def widest(scopes: Iterable[KeyScope | None]) -> KeyScope | None:
    """The one that goes furthest; none of none."""
    return max(scopes, key=rank, default=None)
