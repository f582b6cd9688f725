"""Waiting until every mail is sent: those whose answer was lost come again a minute later."""

from deploy.chaos import owner
from deploy.chaos.stage import Stage, until

UNSENT = "SELECT count(*) FROM notify.mails WHERE status IN ('queued', 'sending')"
NOW_DUE = """
UPDATE notify.mails
SET next_attempt_at = clock_timestamp()
WHERE status = 'queued'
"""


async def everybody(stage: Stage, *, seconds: float) -> None:
    """Skip what is left of the minutes between two attempts, until no mail waits any more."""

    async def is_done() -> bool:
        await owner.act(stage, NOW_DUE)
        return not await owner.value(stage, UNSENT)

    await until(is_done, seconds=seconds, what="every mail is sent", every=1.0)
