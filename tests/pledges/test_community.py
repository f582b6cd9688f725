"""The supporters' page at the ledger: who may vote, until when, and what is counted."""

import asyncio
import csv
import io
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from contracts.campaign import Decision
from contracts.ids import CampaignSlug
from services.pledges.domain.community import name_of
from tests.pledges.builders import (
    NOW,
    SLUG,
    a_definition,
    an_order,
    declined,
    first_pledge,
    paid,
    published,
)
from tests.pledges.ledger import Ledger
from tests.pledges.test_ledger_routes import ADMIN, a_token, client  # noqa: F401

Client = httpx.AsyncClient
POSTER, NAME, OLD = "poster", "name", "old"
# The last is as long as an author may write one.
OPTIONS = ("The mast", "The harbour", "El último barco ".ljust(160, "."))


async def opened(ledger: Ledger, *, closes_in_days: int = 3) -> None:
    """Publish a campaign with a vote, a poll without an end, and a decision that is closed."""
    closes = NOW + timedelta(days=closes_in_days)
    definition = msgspec.structs.replace(
        a_definition(goal_cents=5_000),
        decisions=(
            Decision(
                decision_id=POSTER, kind="vote", title="Which?", options=OPTIONS, closes_at=closes
            ),
            Decision(decision_id=NAME, kind="poll", title="What?", options=("A", "B")),
            Decision(
                decision_id=OLD, kind="poll", title="Whose?", options=("A", "B"), status="closed"
            ),
        ),
    )
    await ledger.hear(published(definition))


async def vote(
    client: Client,  # noqa: F811
    order: Any,
    option: str,
    decision: str = POSTER,
) -> httpx.Response:
    """Vote as the holder of an order's link."""
    body = {"token": a_token(order), "decisionId": decision, "option": option}
    return await client.post("/votes", json=body)


async def votes(client: Client, order: Any, **query: str) -> Any:  # noqa: F811
    """Return the decisions as the holder of an order's link sees them."""
    answer = await client.get("/votes", params={"token": a_token(order), **query})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    return answer.json()["decisions"]


async def test_a_vote_counts_once_and_may_be_changed(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    await opened(ledger)
    mine, also_mine = an_order(email="noor@a.example"), an_order(email="NOOR@a.example")
    theirs = an_order()
    await ledger.hear(mine, also_mine, theirs)

    first = (await vote(client, mine, OPTIONS[0])).json()
    await vote(client, theirs, OPTIONS[0])
    changed = (await vote(client, also_mine, OPTIONS[2])).json()

    assert (first["userChoice"], first["totalVotes"]) == (OPTIONS[0], 1)
    assert changed["results"] == {OPTIONS[0]: 1, OPTIONS[1]: 0, OPTIONS[2]: 1}
    seen = (await votes(client, mine, decisions=POSTER))[POSTER]
    assert (seen["userChoice"], seen["hasVoted"], seen["status"]) == (OPTIONS[2], True, "open")
    assert seen == {**changed}


async def test_all_decisions_are_shown_and_closed_ones_stay_readable(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    await opened(ledger)
    order = an_order()
    await ledger.hear(order)
    await vote(client, order, OPTIONS[1])
    await ledger.advance(days=3)

    late = await vote(client, order, OPTIONS[0])
    old = await vote(client, order, "A", OLD)
    seen = await votes(client, order)

    assert (late.status_code, late.json()["error"]) == (409, "decision_closed")
    assert (old.status_code, old.json()["error"]) == (409, "decision_closed")
    assert {name: each["status"] for name, each in seen.items()} == {
        POSTER: "closed",
        NAME: "open",
        OLD: "closed",
    }
    assert seen[POSTER]["results"][OPTIONS[1]] == 1
    assert seen[OLD]["totalVotes"] == 0


async def test_access_and_vote_end_with_the_pledge(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    await opened(ledger)
    gone, stays = an_order(), an_order()
    await ledger.hear(gone, stays)
    for order in (gone, stays):
        await vote(client, order, OPTIONS[0])
        await client.post(
            "/credits",
            json={"token": a_token(order), "creditedAs": order.email, "onWall": True},
        )
    await ledger.cancel(first_pledge(gone))

    refused = [
        await client.get("/votes", params={"token": a_token(gone)}),
        await client.get("/community", params={"token": a_token(gone)}),
        await vote(client, gone, OPTIONS[1]),
        await client.post("/credits", json={"token": a_token(gone), "creditedAs": "x"}),
    ]

    assert {(each.status_code, each.json()["error"]) for each in refused} == {(403, "no_access")}
    page = (await client.get("/community", params={"token": a_token(stays)})).json()
    assert page["decisions"][POSTER]["totalVotes"] == 1
    assert (page["supporterCount"], page["wall"]) == (1, [stays.email])


async def test_who_was_charged_or_declined_keeps_their_say(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    await opened(ledger, closes_in_days=60)
    orders = [an_order(), an_order()]
    await ledger.hear(*orders)
    await ledger.end(orders)
    await ledger.hear(paid(orders[0].email), declined(orders[1].email, charge="ch_2"))

    for order in orders:
        assert (await vote(client, order, OPTIONS[0])).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"decisionId": "nobody-asked"}, 400, "unknown_decision"),
        ({"option": "The sea"}, 400, "unknown_option"),
        ({"option": ""}, 400, "unknown_option"),
        ({"option": "x" * 501}, 400, "invalid_input"),
        ({"token": "x.y"}, 401, "invalid_link"),
        ({"token": ""}, 400, "missing_token"),
        ({"extra": 1}, 400, "invalid_input"),
    ],
)
async def test_what_is_no_vote_is_refused(
    client: Client,  # noqa: F811
    ledger: Ledger,
    changes: dict[str, Any],
    status: int,
    error: str,
) -> None:
    await opened(ledger)
    order = an_order()
    await ledger.hear(order)
    body = {"token": a_token(order), "decisionId": POSTER, "option": OPTIONS[0], **changes}

    answer = await client.post("/votes", json=body)

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert (await votes(client, order))[POSTER]["totalVotes"] == 0


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"decisions": ",".join([POSTER] * 21)}, 400),
        ({"decisions": "A'B"}, 400),
        ({"decisions": "nobody-asked"}, 400),
        ({"decisions": f"{POSTER},{NAME}"}, 200),
    ],
)
async def test_decisions_are_asked_for_by_their_ids(
    client: Client,  # noqa: F811
    ledger: Ledger,
    query: dict[str, str],
    status: int,
) -> None:
    await opened(ledger)
    order = an_order()
    await ledger.hear(order)

    answer = await client.get("/votes", params={"token": a_token(order), **query})

    assert answer.status_code == status


async def test_a_link_of_another_campaign_or_of_no_pledge_opens_nothing(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    await opened(ledger)
    order = an_order()
    await ledger.hear(order)
    foreign = a_token(order, campaign_slug=CampaignSlug("one-roll"))
    strange = a_token(order, email="mallory@a.example")
    gone = a_token(an_order())

    for path in ("/votes", "/community"):
        found = [
            (await client.get(path, params={"token": token})).status_code
            for token in (foreign, strange, gone)
        ]
        assert found == [403, 403, 404]
    other = await client.get(
        "/community", params={"token": a_token(order), "campaignSlug": "one-roll"}
    )
    assert other.status_code == 404


async def test_fifty_votes_of_one_supporter_at_once_are_one(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    await opened(ledger)
    order = an_order()
    await ledger.hear(order)

    async def press(number: int) -> int:
        """Press until somebody has time: they wait for one another on few connections."""
        while (answer := await vote(client, order, OPTIONS[number % 3])).status_code == 503:
            pass
        return answer.status_code

    answers = await asyncio.gather(*(press(number) for number in range(50)))

    assert set(answers) == {200}
    assert (await votes(client, order))[POSTER]["totalVotes"] == 1


async def test_nobody_votes_and_withdraws_at_once(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    await opened(ledger)
    stays = an_order()
    orders = [an_order() for _ in range(10)]
    await ledger.hear(stays, *orders)

    await asyncio.gather(
        *(vote(client, order, OPTIONS[0]) for order in orders),
        *(ledger.cancel(first_pledge(order)) for order in orders),
    )

    assert (await votes(client, stays))[POSTER]["totalVotes"] == 0


async def test_names_are_kept_as_written_and_exported_once(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    await opened(ledger)
    names = ["  Noor\n al-Amin ", "noor AL-AMIN", "=cmd()", "", "Ñandú & Co"]
    orders = [an_order() for _ in names]
    await ledger.hear(*orders)
    for order, name in zip(orders, names, strict=True):
        answer = await client.post(
            "/credits", json={"token": a_token(order), "creditedAs": name, "onWall": True}
        )
        assert answer.status_code == 200

    page = (await client.get("/community", params={"token": a_token(orders[0])})).json()
    export = await client.get(
        "/admin/reports/credits.csv",
        params={"campaignSlug": SLUG},
        headers={"authorization": f"Bearer {ADMIN}"},
    )

    assert page["wall"] == ["Noor al-Amin", "noor AL-AMIN", "=cmd()", "Ñandú & Co"]
    assert page["credit"] == {"creditedAs": "Noor al-Amin", "onWall": True}
    rows = list(csv.DictReader(io.StringIO(export.text, newline="")))
    assert [row["credited_as"] for row in rows] == ["'=cmd()", "Noor al-Amin", "Ñandú & Co"]
    assert rows[1]["rewards"] == "Producer credit"
    assert (rows[1]["paid"], rows[1]["on_wall"]) == ("no", "yes")


async def test_a_name_that_was_taken_back_is_nowhere(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    await opened(ledger)
    order = an_order()
    await ledger.hear(order)
    for name in ("Noor", " \u200b "):
        await client.post(
            "/credits", json={"token": a_token(order), "creditedAs": name, "onWall": True}
        )

    page = (await client.get("/community", params={"token": a_token(order)})).json()

    assert (page["wall"], page["credit"]) == ([], {"creditedAs": "", "onWall": False})


def test_a_name_has_a_length() -> None:
    assert name_of("n" * 100) == "n" * 100
    with pytest.raises(Exception, match="invalid_input"):
        name_of("n" * 101)


async def test_where_the_charged_decide_nobody_else_does(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    await opened(ledger, closes_in_days=60)
    paying, declining = an_order(), an_order()
    await ledger.hear(paying, declining)
    for order in (paying, declining):
        assert (await vote(client, order, OPTIONS[0])).status_code == 200
    decision = Decision(
        decision_id=POSTER, kind="vote", title="Which?", options=OPTIONS, eligible="charged"
    )
    film = a_definition(goal_cents=5_000)
    await ledger.hear(
        published(msgspec.structs.replace(film, version=film.version + 1, decisions=(decision,)))
    )

    early = await vote(client, paying, OPTIONS[1])
    before = (await votes(client, paying))[POSTER]
    await ledger.end([paying, declining])
    await ledger.hear(paid(paying.email), declined(declining.email, charge="ch_2"))
    late, outside = (
        await vote(client, paying, OPTIONS[1]),
        await vote(client, declining, OPTIONS[1]),
    )
    seen = (await votes(client, declining))[POSTER]

    assert (early.status_code, early.json()["error"]) == (403, "not_eligible")
    assert (before["mayVote"], before["totalVotes"]) == (False, 0)
    assert late.status_code == 200
    assert late.json()["mayVote"] is True
    assert (outside.status_code, outside.json()["error"]) == (403, "not_eligible")
    assert (seen["mayVote"], seen["eligible"], seen["totalVotes"]) == (False, "charged", 1)
    assert seen["results"][OPTIONS[1]] == 1
