"""Make, change and retire a code, and write down who did."""

from contracts.ids import CampaignSlug
from contracts.refusals import NotFound, StateRefused
from services.chassis.storage.database import Connection
from services.site.admin.access import User
from services.site.admin.audit import Done
from services.site.admin.queries import audit
from services.site.admin.queries import referrals as queries
from services.site.admin.referrals import CODES_MAX, LinkWords, code_of

TRIES = 50


async def make_code(conn: Connection, slug: str, words: LinkWords, by: User) -> str:
    """Keep a link under a code of its referrer's name that is free; return the code."""
    for number in range(1, TRIES + 1):
        code = code_of(words.referrer, number)
        if await queries.insert_referral(conn, CampaignSlug(slug), code, words, by.email):
            await audit.append(conn, _done("referral_made", slug, code, by, words))
            return code
    raise StateRefused("too_many_codes", f"There is room for {CODES_MAX} codes.")


async def change_code(conn: Connection, slug: str, code: str, words: LinkWords, by: User) -> None:
    """Change what a code's link says."""
    if not await queries.update_referral(conn, CampaignSlug(slug), code, words):
        raise NotFound("unknown_code", "There is no such code.")
    await audit.append(conn, _done("referral_changed", slug, code, by, words))


async def retire_code(
    conn: Connection, slug: str, code: str, by: User, *, is_retired: bool
) -> None:
    """Retire a code or take it back. Asked twice, it is written down once."""
    if await queries.retire_referral(conn, CampaignSlug(slug), code, is_retired=is_retired):
        action = "referral_retired" if is_retired else "referral_restored"
        await audit.append(conn, _done(action, slug, code, by, None))
    elif await queries.find_referral(conn, slug, code) is None:
        raise NotFound("unknown_code", "There is no such code.")


def _done(action: str, slug: str, code: str, by: User, words: LinkWords | None) -> Done:
    return Done(
        actor=by.email,
        role=by.role,
        action=action,
        subject=code,
        campaign=slug,
        details={} if words is None else words.fields,
    )
