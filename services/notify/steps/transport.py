"""What a mail service is to us: the seam behind which Resend and SMTP stand."""

from collections.abc import Sequence
from typing import Protocol

from services.notify.domain.letters import Letter
from services.notify.domain.mails import Outcome


class Transport(Protocol):
    """Takes letters and says what became of each."""

    @property
    def remembers_keys(self) -> bool:
        """Tell whether a repeat under the same key is known for one."""

    @property
    def batch_max(self) -> int:
        """Return how many mails are one batch: they have to be done within a lease."""

    @property
    def lease_seconds(self) -> float:
        """Return how long a mail is one sender's: longer than offering it may take."""

    @property
    def is_away(self) -> bool:
        """Tell whether the last request got no plain answer."""

    async def send(self, letter: Letter, *, idempotency_key: str) -> Outcome:
        """Offer one letter."""

    async def send_many(self, letters: Sequence[Letter], *, idempotency_key: str) -> list[Outcome]:
        """Offer up to a hundred letters; return the outcome of each, in order."""

    async def close(self) -> None:
        """Give the connections back."""
