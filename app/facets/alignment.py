"""How far the pictures of a set show things at the same places: whether a probe by place can mean anything."""

from torch import Tensor


class Alignment:
    """The mean agreement of two different pictures' maps about where their channels are active.

    With z_i a picture's map [C, h, w], each channel centred over space, it is the mean of z_i . z_j over the pairs
    i != j by the mean of z_i . z_i: 1 for copies of one picture, about 0 where places have nothing to do with each
    other. From sums alone, sum over i != j of z_i . z_j = |sum of z_i|^2 - sum of |z_i|^2. A measure of ours: the
    published tools only warn that spatial probes want "features at roughly the same locations".
    """

    def __init__(self) -> None:
        self._count = 0
        self._sum: Tensor | None = None
        self._squares = 0.0

    def add(self, maps: Tensor) -> None:
        """Take in the maps of some pictures, [B, C, h, w]."""
        centred = (maps - maps.mean(dim=(2, 3), keepdim=True)).double()
        total = centred.sum(dim=0)
        self._sum = total if self._sum is None else self._sum + total
        self._squares += float(centred.square().sum())
        self._count += len(maps)

    def value(self) -> float | None:
        """The agreement; None for fewer than two pictures, or maps of one place or without any variation."""
        if self._sum is None or self._count < 2 or self._squares == 0:
            return None
        pairs = float(self._sum.square().sum()) - self._squares
        return pairs / (self._count - 1) / self._squares
