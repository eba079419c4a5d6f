"""Sets as numbers, a bit for each member: many sets are compared at the cost of one."""

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_


def union(sets: Iterable[int]) -> int:
    """What is in any of the sets."""
    return reduce(or_, sets, 0)


def at_least(number: int, sets: Iterable[int]) -> int:
    """What is in at least so many of the sets; one or more."""
    counted = [-1] + [0] * number
    for bits in sets:
        for so_many in range(number, 0, -1):
            counted[so_many] |= counted[so_many - 1] & bits
    return counted[number]


def members(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set, upwards."""
    text = bin(mask)[:1:-1]
    at = text.find("1")
    while at >= 0:
        yield at
        at = text.find("1", at + 1)
