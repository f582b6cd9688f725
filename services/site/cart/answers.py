"""What is said instead of an answer, whoever was asked."""

from typing import Any

import msgspec

from contracts.api.checkout import Quote


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Checkout said no, or could not be asked: `status` 503 and `error` `unavailable`."""

    status: int
    error: str
    message: str = ""
    fields: dict[str, str] = {}
    extra: dict[str, Any] = {}

    @property
    def campaign(self) -> str:
        """Return the campaign it is about, if it names one."""
        return str(self.extra.get("campaignSlug") or "")

    def quote(self) -> Quote | None:
        """Return the new figures a refused price brings along."""
        try:
            return msgspec.convert(self.extra, Quote)
        except msgspec.ValidationError:
            return None
