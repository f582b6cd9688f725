"""Pages of which there are many and most are never looked at: narrowed lists, and widgets.

They are made from memory at the first look after a change, and kept while they are true.
"""

import time
from collections.abc import Callable, Hashable

from contracts.ids import CampaignSlug
from services.site.live.shelf import Prepared

REST_SECONDS = 1.0
CLOCK_SECONDS = 60.0
PAGES_MAX = 1_000


class OnDemand:
    """Every such page that was looked at since the last change."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Prepared] = {}
        self._made_at = 0.0
        self._is_old = True

    def heard(self, _: CampaignSlug | None) -> None:
        """Note that something changed."""
        self._is_old = True

    def get(self, key: Hashable, make: Callable[[], Prepared]) -> Prepared:
        """Return a page, at most a second old; one that shows time left, a minute."""
        age = time.monotonic() - self._made_at
        is_due = age >= CLOCK_SECONDS or (self._is_old and age >= REST_SECONDS)
        if is_due or len(self._kept) >= PAGES_MAX:
            self._kept.clear()
            self._made_at = time.monotonic()
            self._is_old = False
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]
