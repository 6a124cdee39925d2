"""Who sent a request: what they may do, and what they take of the hour's limits."""

import ipaddress
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from app.errors import KeyNeeded
from app.microscope.admission import Admit
from app.microscope.keys import Holder, KeyDesk
from app.settings import Kind
from app.spec import KeyScope
from app.web.limits import Limited, Limits

NETWORK = 64  # bits of an IPv6 address that one household or machine has


@dataclass
class Visitor:
    """Somebody at a certain address, with the key they showed if any. `may` is how far they may go, None is nowhere."""

    access: Kind
    may: KeyScope | None
    address: str
    holder: Holder | None
    limits: Limits
    taken: list[tuple[Limited, int]] = field(default_factory=list)

    @property
    def counted_as(self) -> str:
        """Whose hour it is: a key's, wherever it is used; without one of their own, an address's."""
        return f"key {self.holder.name}" if self.holder and self.holder.name else f"address {self.address}"

    def take(self, what: Limited, count: int = 1) -> None:
        """Count what this request does. Raises `TooMany`. Nobody limits those who may do everything."""
        if self.may != "admin":
            self.limits.take(self.counted_as, what, count)
            self.taken.append((what, count))

    async def show(self, desk: KeyDesk, key: str) -> Holder:
        """Who holds the key that was shown. Raises `KeyNeeded` if nobody does, and `TooMany` where too many were tried."""
        self.limits.take(self.address, "wrong keys", only_ask=True)
        holder = await run_in_threadpool(desk.holder, key.strip())
        if holder is None:
            self.limits.take(self.address, "wrong keys")
            raise KeyNeeded(
                "This key is not known here, or it was revoked. Copy all of it, from its first character to its last, and try "
                "again; if it is refused once more, ask whoever gave it to you."
            )
        return holder

    def give_back(self) -> None:
        """Forget what this request took."""
        for what, count in self.taken:
            self.limits.give_back(self.counted_as, what, count)
        self.taken.clear()

    def asks_for(self, what: Limited) -> Admit:
        """What is to be asked before something new is begun."""
        return partial(self.take, what)


def address_of(client: tuple[str, int] | None) -> str:
    """The address that a visitor is counted by: of IPv6 the network, for a machine has as many addresses as it likes."""
    host = client[0] if client else "unknown"
    try:
        parsed = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped or ipaddress.ip_network((parsed, NETWORK), strict=False))
    return str(parsed)


async def _visitor(request: Request) -> Visitor:
    return request.state.visitor


Who = Annotated[Visitor, Depends(_visitor)]
