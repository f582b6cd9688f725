"""What the page behind a mail's last link shows."""

import msgspec

from contracts.api.notify import Preference
from services.site.public.language import Language


class WishPage(msgspec.Struct, frozen=True, kw_only=True):
    """How things stand, or why we can't say. `action` is where the button sends its form."""

    language: Language
    action: str
    is_away: bool
    preference: Preference | None
