"""Checkouts that a restore lost: made again page by page, and those that can't be, by name."""

from typing import Any

from deploy.local import loopback
from deploy.local.cli.console import paint, say

NOT_RESTORED = "not_recovering"
PAGE_SECONDS = 60.0
CARD = "card-"

Found = dict[str, Any]


def look(site: str, secret: str, *, is_dry_run: bool) -> Found | None:
    """Return what became of every checkout since the backup; None: nothing was restored.

    The newest come first: a card that was changed for a pledge that is only made again now
    is looked at once more.
    """
    found = _through(site, secret, is_dry_run=is_dry_run)
    if found is None or not found["madeAgain"] or not any(map(_is_card, found["lost"])):
        return found
    again = _through(site, secret, is_dry_run=is_dry_run)
    if again is None:
        return found
    made = found["madeAgain"] + again["madeAgain"]
    return {"known": again["known"], "madeAgain": made, "lost": again["lost"]}


def _is_card(lost: Found) -> bool:
    """Tell whether it is another card for a pledge, not a pledge."""
    return str(lost["orderId"]).startswith(CARD)


def _through(site: str, secret: str, *, is_dry_run: bool) -> Found | None:
    found: Found = {"known": 0, "madeAgain": 0, "lost": []}
    after: str | None = None
    while True:
        try:
            page = loopback.call(
                "POST",
                f"{site}/admin/recover-lost-checkouts",
                body={"after": after, "dryRun": is_dry_run},
                bearer=secret,
                seconds=PAGE_SECONDS,
            )
        except loopback.CallFailed as exc:
            if exc.error == NOT_RESTORED:
                return None
            raise
        found["known"] += page["known"]
        found["madeAgain"] += page["madeAgain"]
        found["lost"] += page["lost"]
        after = page["after"]
        if after is None:
            return found


def show(found: Found | None) -> None:
    """Say what was made again, and name what was not."""
    if found is None:
        return
    say(
        f"{found['known']} checkouts known, {found['madeAgain']} made again from what Stripe has,"
        f" {len(found['lost'])} lost"
    )
    for each in found["lost"]:
        reason = paint(each["reason"], fg="red")
        say(f"  {each['orderId']}  {each['sessionId']}  {each['amount']} cents: {reason}")
