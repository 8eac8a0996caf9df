"""Any number of photos as a few fixed batch sizes.

A runtime plans a network for one batch size at a time: int8 with a free batch size runs at three
quarters of the speed, and a GPU searches its kernels anew for every size that it has not met.
"""

from collections.abc import Sequence


def split_into_batches(count: int, sizes: Sequence[int]) -> list[int]:
    """Return sizes that add up to `count`, largest first; `sizes` must contain 1.

    >>> split_into_batches(13, (1, 4))
    [4, 4, 4, 1]
    """
    steps = []
    for size in sorted(sizes, reverse=True):
        whole, count = divmod(count, size)
        steps += [size] * whole
    return steps
