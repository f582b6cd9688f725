"""The crash points of the services, as the code has them, and which errand passes each.

The list is read from the sources: a point that no errand passes fails a test.
"""

import ast
from dataclasses import dataclass
from functools import cache

from deploy.local.layout import ROOT

SOURCES = ROOT / "services"


@dataclass(frozen=True)
class Errand:
    """A service that dies at a point, in one phase of a campaign's life."""

    service: str
    point: str


# By phase. Each service of the chassis's points is one whose own points are few.
PUBLISHING = (
    # Each campaign ends a day later, and only one that ends within the week is gone through
    # for cards that will not last.
    Errand("checkout", "checkout.before_card_notices"),
    Errand("site", "site.before_published"),
    Errand("site", "site.after_published"),
    Errand("site", "outbox.before_publish"),
    Errand("site", "outbox.after_publish"),
    Errand("site", "outbox.after_mark"),
)
# What is published from the dashboard goes into the content folder, too.
ARCHIVING = (
    Errand("site", "site.before_text_published"),
    Errand("site", "site.after_text_published"),
    Errand("site", "site.before_mirrored"),
)
PLEDGING = (
    Errand("checkout", "checkout.intended"),
    Errand("checkout", "checkout.customer_made"),
    Errand("checkout", "checkout.session_made"),
    Errand("checkout", "checkout.opened"),
    Errand("checkout", "checkout.webhook_stored"),
    Errand("checkout", "checkout.session_read"),
    Errand("checkout", "checkout.before_decision"),
    Errand("checkout", "checkout.after_decision"),
    Errand("checkout", "outbox.before_publish"),
    Errand("checkout", "outbox.after_publish"),
    Errand("checkout", "outbox.after_mark"),
    Errand("pledges", "inbox.before_commit"),
    Errand("pledges", "inbox.after_commit"),
    Errand("pledges", "inbox.after_ack"),
    Errand("pledges", "outbox.before_publish"),
    Errand("pledges", "outbox.after_publish"),
    Errand("pledges", "outbox.after_mark"),
    Errand("notify", "inbox.before_commit"),
    Errand("notify", "inbox.after_commit"),
    Errand("notify", "notify.leased"),
    Errand("notify", "notify.after_send"),
    Errand("notify", "notify.after_record"),
)
CANCELLING = (
    Errand("pledges", "pledges.cancelled"),
    # The card that nobody needs any more goes, too.
    Errand("checkout", "checkout.detach_leased"),
    Errand("checkout", "checkout.card_detached"),
    Errand("checkout", "checkout.detach_recorded"),
)
CHANGING = (
    Errand("pledges", "pledges.proposed"),
    Errand("pledges", "pledges.revision_quoted"),
    Errand("pledges", "pledges.modified"),
)
UPDATING = (
    Errand("checkout", "checkout.update_intended"),
    Errand("checkout", "checkout.update_opened"),
    Errand("checkout", "checkout.before_card_kept"),
    Errand("checkout", "checkout.after_card_kept"),
    # The event of an order is finished with the order; any other by itself.
    Errand("checkout", "checkout.event_told"),
    Errand("checkout", "checkout.event_applied"),
)
# News to everybody who pledged: rather never than twice.
TELLING = (
    Errand("notify", "notify.portion_written"),
    Errand("notify", "notify.batch_leased"),
    Errand("notify", "notify.after_batch"),
    Errand("notify", "notify.after_batch_record"),
)
# The campaign's ledger, to whoever runs it, once a morning.
REPORTING = (
    Errand("notify", "notify.reports_decided"),
    Errand("notify", "notify.report_leased"),
    Errand("notify", "notify.report_asked"),
    Errand("notify", "notify.report_kept"),
)
CLOSING = (
    Errand("checkout", "checkout.sessions_ended"),
    Errand("checkout", "checkout.before_drained"),
    Errand("checkout", "checkout.after_drained"),
    Errand("pledges", "pledges.before_close"),
    Errand("pledges", "pledges.after_close"),
    Errand("pledges", "pledges.before_announced"),
    Errand("pledges", "pledges.after_announced"),
    Errand("settlement", "settlement.before_fired"),
    Errand("settlement", "settlement.after_fired"),
)
CHARGING = (
    Errand("settlement", "settlement.leased"),
    Errand("settlement", "settlement.after_create"),
    Errand("settlement", "settlement.before_confirm"),
    Errand("settlement", "settlement.after_confirm"),
    Errand("settlement", "settlement.after_record"),
    Errand("settlement", "settlement.after_ack"),
    Errand("settlement", "outbox.after_publish"),
    Errand("settlement", "inbox.after_commit"),
    Errand("settlement", "settlement.looked"),
)
REFUNDING = (
    Errand("settlement", "settlement.refunds_written"),
    Errand("settlement", "settlement.before_refund"),
    Errand("settlement", "settlement.after_refund"),
    Errand("settlement", "settlement.refund_recorded"),
)
ENDING = (
    Errand("site", "site.before_cancelled"),
    Errand("site", "site.after_cancelled"),
)
RECOVERING = (
    Errand("settlement", "settlement.person_held"),
    Errand("settlement", "settlement.before_recovery"),
    Errand("settlement", "settlement.intent_ended"),
    Errand("settlement", "settlement.before_settled"),
)
ASKING_BACK = (
    Errand("settlement", "settlement.unknown_read"),
    Errand("settlement", "settlement.unknown_adopted"),
)
PHASES = {
    "publishing": PUBLISHING,
    "pledging": PLEDGING,
    "cancelling": CANCELLING,
    "changing": CHANGING,
    "updating": UPDATING,
    "telling": TELLING,
    "closing": CLOSING,
    "charging": CHARGING,
    "asking back": ASKING_BACK,
    "recovering": RECOVERING,
    "refunding": REFUNDING,
    "ending early": ENDING,
    "reporting": REPORTING,
    "archiving": ARCHIVING,
}

# Where a second charge, a lost pledge or a second mail would come from: tested with every
# change. The others are part of `./pool chaos E-3`.
MONEY = (
    Errand("checkout", "checkout.after_decision"),
    Errand("pledges", "inbox.after_commit"),
    Errand("pledges", "outbox.after_publish"),
    Errand("pledges", "pledges.before_close"),
    Errand("settlement", "settlement.after_create"),
    Errand("settlement", "settlement.after_confirm"),
    Errand("settlement", "settlement.after_record"),
    Errand("notify", "notify.after_send"),
)


@cache
def found() -> dict[str, str]:
    """Return every crash point in the services' code, and where it stands."""
    points: dict[str, str] = {}
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "crash.point":
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                name = ast.literal_eval(node.args[0])
                assert name not in points, f"{name} is at {points[name]} and at {place}"
                points[name] = place
    return points
