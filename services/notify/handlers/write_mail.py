"""Write a mail, once for its cause.

The cause names the fact by what it is about, not by the event that told it: a copy of
the event under another id, or a replay years later, finds the mail already written.
"""

from collections.abc import Mapping, Sequence

import msgspec

from contracts.ids import SupporterId, is_pseudonym, supporter_id
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.notify.domain.mails import NewMail
from services.notify.queries import link_generations, mails

log = telemetry.logger(__name__)


async def write(conn: Connection, mail: NewMail) -> None:
    """Write a mail, once for its cause."""
    await write_all(conn, [mail])


async def write_all(conn: Connection, news: Sequence[NewMail]) -> None:
    """Write mails in this order, each once for its cause, and none to who was erased.

    Their links are of the generation that holds by now.
    """
    to = [mail for mail in news if not is_pseudonym(mail.address)]
    known = await link_generations.list_generations(conn, [supporter_id(m.address) for m in to])
    named = {telemetry.new_id(): _linked(mail, known) for mail in to}
    for mail_id in await mails.insert_mails(conn, named):
        log.info("mail_queued", mail=mail_id, kind=named[mail_id].kind)


def _linked(mail: NewMail, generations: Mapping[SupporterId, int]) -> NewMail:
    generation = generations.get(supporter_id(mail.address), mail.facts.link_generation)
    facts = msgspec.structs.replace(
        mail.facts, link_generation=max(generation, mail.facts.link_generation)
    )
    return msgspec.structs.replace(mail, facts=facts)
