"""Keys and the shared secret: who holds one, and what it is good for.

A key is 256 random bits, shown once; the database has its SHA-256. A browser that shows one gets a cookie of its own, 256
random bits again, of which the database has a hash too: nothing that is stored lets anybody in. The session that the cookie
stands for ends when its key is revoked, and one begun with the shared secret when that is changed.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from app.answers.keys import KeyLine
from app.errors import BadInput
from app.spec import SCOPES, KeyScope
from app.store import KeyRow, Store

PREFIX = "facetscope_"  # so that a key that got somewhere is known for what it is
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
SESSION_LASTS = timedelta(days=30)
TEAM: KeyScope = "make"  # what the shared secret is good for


@dataclass(frozen=True)
class Holder:
    """Somebody who showed a key; `name` is the key's, None that of the shared secret."""

    name: str | None
    scope: KeyScope


class KeyDesk:
    """Makes keys and knows them again."""

    def __init__(self, store: Store, secret: str) -> None:
        self._keys = store.keys
        self._secret = secret

    def add(self, name: str, scope: str) -> str:
        """Make a key; returns it, and nobody can again. Raises `BadInput` for a name or scope that cannot be."""
        if not NAME.fullmatch(name):
            raise BadInput(
                "name: give the key a name of 1 to 40 letters, digits, dots, dashes and underscores.", field="name"
            )
        if scope not in SCOPES:
            raise BadInput(f"scope must be one of {', '.join(SCOPES)}, but {scope!r} was given.", field="scope")
        key = PREFIX + secrets.token_urlsafe(32)
        self._keys.add(KeyRow(name=name, scope=scope, digest=_digest(key)))
        return key

    def all(self) -> list[KeyLine]:
        """All keys that let anybody in, the oldest first."""
        return [KeyLine(name=row.name, scope=_scope(row), created=row.created) for row in self._keys.all()]

    def revoke(self, name: str) -> None:
        """Let nobody in with a key any more. Raises `NotFound`."""
        self._keys.remove(name)

    def holder(self, key: str) -> Holder | None:
        """Who shows a key or the shared secret; None for anything else."""
        digest = _digest(key)
        if self._secret and hmac.compare_digest(_digest(self._secret), digest):
            return Holder(None, TEAM)
        row = self._keys.of_digest(digest)
        return _holder(row) if row is not None and hmac.compare_digest(row.digest, digest) else None

    def begin(self, holder: Holder) -> str:
        """Begin the session of somebody who showed a key; returns the cookie that it is known by."""
        cookie = secrets.token_urlsafe(32)
        session = _digest(cookie) if holder.name else self._sealed(cookie)
        self._keys.begin(session, holder.name, SESSION_LASTS)
        return cookie

    def of_session(self, cookie: str) -> Holder | None:
        """Who a cookie stands for; None when its session is over."""
        _, row = self._keys.session(_digest(cookie))
        if row is not None:
            return _holder(row)
        return Holder(None, TEAM) if self._secret and self._keys.session(self._sealed(cookie))[0] else None

    def end(self, cookie: str) -> None:
        """End a session."""
        self._keys.end([_digest(cookie), self._sealed(cookie)])

    def _sealed(self, cookie: str) -> str:
        return hmac.digest(self._secret.encode(), cookie.encode(errors="replace"), "sha256").hex()


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()


def _scope(row: KeyRow) -> KeyScope:
    return cast(KeyScope, row.scope)


def _holder(row: KeyRow) -> Holder:
    return Holder(row.name, _scope(row))
