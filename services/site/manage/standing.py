"""How a pledge stands, as people are told. Pure."""

from contracts.api.pledges import PledgeRecord


def standing_of(record: PledgeRecord) -> str:
    """Return a pledge's state in our words: what is active and past its end is locked."""
    if record.lost_at is not None:
        return "lost"
    if record.pledge_status != "active" or not record.deadline_passed:
        return record.pledge_status
    return "late" if record.is_late else "locked"


def is_closed(record: PledgeRecord) -> bool:
    """Tell whether nothing will happen to a pledge any more."""
    return standing_of(record) in ("charged", "released", "lost", "cancelled")
