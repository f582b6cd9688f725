"""What a supporter is told of a charge that was declined: until when, when again, how to end it."""

from datetime import datetime
from typing import Literal

import msgspec

DeclineClass = Literal[
    "transient", "funds", "unexplained", "person", "unusable", "never", "unlisted", "impossible"
]
"""Why a bank says no, as far as it decides what happens next. Source: peers 5.4."""


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """How the recovery of one charge stands after its latest decline; business time.

    `next_attempt_at` is the next try of our own, None when only the person can go on.
    `because` never goes to a supporter as it is: a lost or stolen card is not named.
    """

    ends_at: datetime
    because: DeclineClass
    next_attempt_at: datetime | None = None
    needs_authentication: bool = False
