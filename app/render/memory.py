"""How many pictures a GPU takes at once: its free memory over what one picture was seen to take.

Learned from the passes themselves: the first of a kind runs alone, the others beside as many as there is room for. What
is estimated wrongly still ends in smaller batches (`app.render.passes`), only later.
"""

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager

import torch

SPARE = 0.8  # of the free memory may be planned with: the allocator needs gaps

_seen: dict[Hashable, float] = {}
"""Bytes that a picture took at the peak of the newest pass of a kind."""


def room(free: int, each: float | None) -> int:
    """How many pictures go into so many free bytes when each takes so many; one when that is not known yet."""
    return 1 if each is None else max(1, int(SPARE * free / max(each, 1.0)))


def first(counts: Sequence[int], room: int) -> int:
    """How many passes of so many pictures go into the first batch: at least one, then as many as there is room for."""
    taken = pictures = 0
    for count in counts:
        pictures += count
        if taken and pictures > room:
            break
        taken += 1
    return taken


def room_now(device: torch.device, kind: Hashable) -> int:
    """How many pictures of a kind of pass a GPU takes now."""
    free, _ = torch.cuda.mem_get_info(device)
    unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return room(free + unused, _seen.get(kind))


@contextmanager
def watched(device: torch.device, kind: Hashable, pictures: int) -> Iterator[None]:
    """Learn what each of so many pictures takes at the peak of the block; on a CPU nothing."""
    if device.type != "cuda":
        yield
        return
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    yield
    _seen[kind] = (torch.cuda.max_memory_allocated(device) - before) / pictures
