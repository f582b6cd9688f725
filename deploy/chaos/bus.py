"""What the bus itself counts: who was given how much, and how much of it again."""

from collections import Counter

import nats

from contracts.streams import CONSUMERS
from deploy.chaos import owner
from deploy.chaos.checker import SCHEMAS, WITHOUT_INBOX
from deploy.chaos.stage import Stage

HEARD = " UNION ALL ".join(
    f"SELECT consumer, count(*) AS heard FROM {schema}.inbox GROUP BY consumer"  # noqa: S608
    for schema in SCHEMAS
)


async def redeliveries(stage: Stage) -> Counter[str]:
    """Return how many messages each service was given once more than it needed them.

    Delivered, less what is in its inbox: at rest each event is there once.
    """
    heard = {row["consumer"]: row["heard"] for row in await owner.rows(stage, HEARD)}
    found: Counter[str] = Counter()
    client = await nats.connect(stage.document["nats"].split(","), connect_timeout=2)
    try:
        for each in CONSUMERS:
            if each.durable not in WITHOUT_INBOX:
                info = await client.jetstream().consumer_info(each.stream, each.durable)
                given = info.delivered.consumer_seq if info.delivered else 0
                found[each.listener] += given - heard.get(each.durable, 0)
    finally:
        await client.close()
    return found
