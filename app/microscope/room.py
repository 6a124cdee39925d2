"""What work in the background does where the disk is full."""

import time
from collections.abc import Callable, Iterator

from app.errors import DiskFull
from app.whole import is_full

PAUSE_S = 0.1  # of the device thread, while there is no room to write down even why something failed


def once_there_is_room(write: Callable[[], object]) -> Iterator[None]:
    """Write something short that must not be lost, and let others go on for as long as there is no room for it."""
    while True:
        try:
            write()
            return
        except DiskFull:
            time.sleep(PAUSE_S)
            yield


def reason(error: Exception, otherwise: str) -> str:
    """What people are told of an error nobody foresaw: that the disk is full if it is that."""
    return DiskFull().detail if is_full(error) else otherwise
