"""How many pictures go into one batch on a GPU: what is decided from its memory, not what its memory is."""

import torch

from app.render import memory
from app.render.memory import first, room

GB = 2**30


def test_before_anything_is_known_one_picture_is_tried() -> None:
    assert room(80 * GB, None) == 1


def test_there_is_room_for_what_fits_into_the_free_memory_with_some_to_spare() -> None:
    assert room(10 * GB, 1 * GB) == 8
    assert room(10 * GB, 20 * GB) == 1  # it is tried, and fails as a render of its own
    assert room(0, 1 * GB) == 1


def test_a_batch_takes_whole_passes_in_their_order_and_always_one() -> None:
    assert first([1, 1, 1, 1], 3) == 3
    assert first([1, 1], 9) == 2
    assert first([9, 1], 4) == 1
    assert first([2, 2, 1], 3) == 1
    assert first([2, 2, 1], 5) == 3


def test_on_a_cpu_nothing_is_learned() -> None:
    with memory.watched(torch.device("cpu"), "kind", 1):
        pass
    assert "kind" not in memory._seen
