"""What Stripe was asked, by the sandbox's own log: the one judge of how fast we are."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

OBJECT = re.compile(r"/[a-z]+_[A-Za-z0-9_]+")
TOO_FAST = 429


def by_endpoint(log: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the requests of each operation, whatever object they were about."""
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in log:
        path = each["path"].removeprefix("/v1/")
        found[f"{each['method']} {OBJECT.sub('/{}', path)}"].append(each)
    return found


def fullest_second(starts: Sequence[float]) -> int:
    """Return how many starts the fullest second has, wherever it begins.

    >>> fullest_second([0.0, 0.9, 1.0, 1.8])
    3
    """
    ordered = sorted(starts)
    return max(bisect_left(ordered, start + 1) - number for number, start in enumerate(ordered))


def per_second(starts: Sequence[float]) -> float:
    """Return the rate between the first start and the last."""
    return (len(starts) - 1) / (max(starts) - min(starts))


def refused_share(log: Sequence[dict[str, Any]]) -> float:
    """Return the share of requests that were answered with "too fast"."""
    refused = [each for each in log if each["status"] == TOO_FAST]
    return len(refused) / len(log)
