"""Send a stuck mail once more, because an operator says so."""

from contracts.api.operations import Resent
from contracts.refusals import StateRefused
from services.chassis.events.parked import note_action
from services.chassis.storage.database import Connection
from services.notify.queries import stuck


async def send_again(conn: Connection, mail_id: str, *, done_by: str) -> Resent:
    """Queue the mail anew, and note for ever who did it.

    Raises `StateRefused` where it is not stuck (any more), or is of a kind that is never
    repeated: asked twice, it goes out once.
    """
    sent = await stuck.send_again(conn, mail_id)
    if sent is None:
        raise StateRefused("not_stuck", "This mail is not one that can be sent again.")
    details = {"mail_id": mail_id, "kind": sent.kind, "campaign": sent.campaign_slug}
    await note_action(conn, "mail_resent", done_by, details)
    return sent
