"""The supporters' page: what it shows of a decision, and to whom it shows nothing."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from contracts.api.pledges import CommunityShown, Credit, DecisionShown
from contracts.campaign import Decision as Authored
from contracts.ids import CampaignSlug
from services.site.cart.answers import Refused
from services.site.community.form import CommunityForm, read_form
from services.site.community.page import locked_by, locked_page, open_page, told
from services.site.community.shown import CommunityPage, DecisionCard
from services.site.public.language import LANGUAGES, Language
from services.site.public.render import render_community
from services.site.public.state import Picture
from tests.site.running import Behind, RunningSite
from tests.site.stages import DEADLINE, LIVE, SITE, campaign, defined

OPTIONS = ("The mast", "The harbour", "The last boat")
CLOSES = DEADLINE - timedelta(days=3)


def a_decision(**changes: Any) -> DecisionShown:
    """Return the ledger's word of a vote with 10, 5 and no voices."""
    found = DecisionShown(
        decision_id="poster",
        title="Which poster?",
        type="vote",
        status="open",
        deadline=CLOSES,
        options=OPTIONS,
        has_voted=False,
        user_choice=None,
        eligible="backers",
        may_vote=True,
        results=dict(zip(OPTIONS, (10, 5, 0), strict=True)),
        total_votes=15,
    )
    return msgspec.structs.replace(found, **changes)


def page_of(*found: DecisionShown, language: Language = "en", **changes: Any) -> CommunityPage:
    """Return the page with these decisions, authored as they are told."""
    state = defined(
        decisions=tuple(
            Authored(
                decision_id=each.decision_id, kind=each.type, title=each.title, options=each.options
            )
            for each in found
        )
    )
    answer = CommunityShown(
        campaign_slug=state.slug,
        campaign_title="The Long Take",
        decisions={each.decision_id: each for each in found},
        supporter_count=263,
        credit=Credit(credited_as="Noor", on_wall=True),
        wall=("Ana <script>", "Noor"),
    )
    return open_page(
        state, msgspec.structs.replace(answer, **changes), language, now=LIVE, token="a.b"
    )


def a_community(*wall: str) -> CommunityShown:
    """Return the ledger's word of a film where nothing is decided."""
    return CommunityShown(
        campaign_slug=CampaignSlug("long-take"),
        campaign_title="Long Take",
        decisions={},
        supporter_count=2,
        credit=Credit(),
        wall=wall,
    )


def card_of(**changes: Any) -> DecisionCard:
    (card,) = page_of(a_decision(**changes)).decisions
    return card


def test_an_open_vote_shows_its_options_and_no_count_before_one_has_voted() -> None:
    card = card_of()

    assert [each.label for each in card.options] == list(OPTIONS)
    assert card.bars == ()
    assert card.words == (
        "The makers follow the result. 15 of 263 have voted. You see the count once you have."
    )
    assert card.when == "Closes Thursday, December 10, 11:59\u00a0pm Mountain Time."
    assert card.tag.text == "6 days left"


def test_whoever_has_voted_sees_the_count_and_their_own_choice() -> None:
    card = card_of(user_choice=OPTIONS[1])

    assert [(bar.label, bar.percent, bar.votes, bar.width) for bar in card.bars] == [
        (OPTIONS[0], "67%", 10, "67%"),
        (OPTIONS[1], "33%", 5, "33%"),
        (OPTIONS[2], "0%", 0, "0%"),
    ]
    assert [bar.is_chosen for bar in card.bars] == [False, True, False]
    assert [each.is_chosen for each in card.options] == [False, True, False]
    assert card.words.endswith("15 of 263 have voted.")


def test_who_is_not_asked_sees_no_ballot_and_no_count_until_it_closes() -> None:
    outside = {"eligible": "charged", "may_vote": False}
    card = card_of(**outside, user_choice=OPTIONS[1])
    html = render_community(page_of(a_decision(**outside)), SITE).decode()
    closed = card_of(**outside, status="closed")

    assert (card.may_vote, card.bars) == (False, ())
    assert card.words == (
        "The makers follow the result. Those whose card was charged decide. 15 have voted."
        " Yours was not charged: you see the result when it closes."
    )
    assert "data-ballot" not in html
    assert closed.bars
    inside = render_community(page_of(a_decision(eligible="charged")), SITE).decode()
    assert "data-ballot" in inside


@pytest.mark.parametrize(
    ("results", "outcome"),
    [
        ((1, 9, 5), "15 votes. Most chose The harbour."),
        ((4, 4, 0), "8 votes. A tie: The mast, The harbour."),
        ((0, 0, 1), "1 vote. Most chose The last boat."),
        ((0, 0, 0), "Nobody voted."),
    ],
)
def test_a_closed_decision_is_read_by_everybody_best_first(
    results: tuple[int, ...], outcome: str
) -> None:
    counted = dict(zip(OPTIONS, results, strict=True))
    card = card_of(status="closed", type="poll", results=counted, total_votes=sum(results))

    assert card.outcome == outcome
    votes = [bar.votes for bar in card.bars]
    assert votes == sorted(results, reverse=True)
    assert card.when == "Closed December 10."
    assert card.words == "Advice to the makers, not binding."
    assert (card.tag.text, card.tag.icon) == ("Closed", "lock")


def test_open_decisions_come_first_and_what_the_author_took_out_is_not_shown() -> None:
    page = page_of(a_decision(status="closed"), a_decision(decision_id="name"))
    ghost = a_decision(decision_id="ghost")

    assert [each.decision_id for each in page.decisions] == ["name", "poster"]
    assert page_of(a_decision(), decisions={"ghost": ghost}).decisions == ()


def test_an_option_has_its_picture() -> None:
    state = campaign(
        definition=defined(
            decisions=(Authored(decision_id="poster", kind="vote", title="?", options=OPTIONS),)
        ).definition
    )
    picture = Picture(url="/media/mast.webp", width=400, height=500)
    content = msgspec.structs.replace(state.content, option_pictures={"poster": (None, picture)})
    answer = CommunityShown(
        campaign_slug=state.slug,
        campaign_title="The Long Take",
        decisions={"poster": a_decision()},
        supporter_count=1,
        credit=Credit(),
        wall=(),
    )

    (card,) = open_page(
        msgspec.structs.replace(state, content=content), answer, "en", now=LIVE, token="t"
    ).decisions

    assert [each.picture for each in card.options] == [None, picture, None]
    assert card.has_pictures


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_people_wrote_is_text(language: Language) -> None:
    option = '"><img src=x onerror=alert(1)>'
    decision = a_decision(
        options=(option,), results={option: 1}, total_votes=1, user_choice=option, title="<b>?"
    )

    body = render_community(page_of(decision, language=language), SITE).decode()

    assert "<img src=x" not in body
    assert "<script>alert" not in body
    assert "Ana &lt;script&gt;" in body
    assert 'name="t" value="a.b"' in body
    assert 'style="' not in body


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_locked_page_tells_nothing_of_what_is_behind_it(language: Language) -> None:
    for locked in ("no_link", "bad_link", "no_access", "away"):
        body = render_community(locked_page(campaign(), locked, language), SITE).decode()
        assert "Mast" not in body
        assert 'name="t"' not in body


@pytest.mark.parametrize(
    ("status", "error", "locked"),
    [
        (401, "invalid_link", "bad_link"),
        (400, "missing_token", "bad_link"),
        (403, "not_yours", "bad_link"),
        (404, "not_found", "bad_link"),
        (403, "no_access", "no_access"),
        (503, "unavailable", "away"),
        (504, "upstream_timeout", "away"),
        (429, "too_many_requests", "away"),
    ],
)
def test_links_that_open_nothing_look_alike(status: int, error: str, locked: str) -> None:
    assert locked_by(Refused(status=status, error=error)) == locked


def test_what_was_done_is_said() -> None:
    vote = CommunityForm(deed="vote", option="The mast")
    late = Refused(status=409, error="decision_closed")

    assert told(CommunityForm(), None, "en") is None
    said = told(vote, None, "es")
    assert said is not None
    assert said.title == "Tu voto por The mast está contado."
    refused = told(vote, late, "en")
    assert refused is not None
    assert (refused.tone, refused.title) == ("bad", "This closed before your vote arrived.")


def test_a_form_is_read_strictly() -> None:
    form = read_form(
        [("t", "x" * 3_000), ("do", "cancel"), ("option", "o" * 900), ("on_wall", ""), ("y", "z")]
    )

    assert form == CommunityForm(token="", option="o" * 500, on_wall=True)


async def test_the_page_asks_the_ledger_at_every_view(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    _, ledger = shared
    community = a_community("Ana")
    ledger.queue = [(200, community), (403, {"error": "no_access"}), (500, {"error": "x"})]

    seen, gone, broken = [
        await one_film.http.get("/community/long-take/", params={"t": "a.b"}) for _ in range(3)
    ]
    nobody = await one_film.http.get("/es/community/long-take/")

    assert [each.status_code for each in (seen, gone, broken, nobody)] == [200, 403, 503, 200]
    assert "Ana" in seen.text
    assert "Ana" not in gone.text + broken.text + nobody.text
    assert seen.headers["referrer-policy"] == "no-referrer"
    assert seen.headers["cache-control"] == "private, no-store"
    assert seen.headers["set-cookie"].startswith("supporter_long-take=1; ")
    assert "Max-Age=0" in gone.headers["set-cookie"]
    assert "set-cookie" not in nobody.headers
    assert [each.target for each in ledger.heard] == [
        "/community?token=a.b&campaignSlug=long-take"
    ] * 3


async def test_a_form_without_scripts_votes_and_shows_the_page(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    _, ledger = shared
    community = a_community()
    ledger.queue = [(200, {}), (200, community), (409, {"error": "decision_closed"})]
    ledger.queue += [(200, community), (403, {"error": "no_access"})]
    form = {"t": "a.b", "do": "vote", "decision": "poster", "option": "The mast"}
    headers = {"origin": "null"}

    voted = await one_film.http.post("/community/long-take/", data=form, headers=headers)
    late = await one_film.http.post("/es/community/long-take/", data=form, headers=headers)

    drawn = await one_film.http.post(
        "/community/long-take/", data={"t": "a.b", "scripted": "1"}, headers=headers
    )

    assert (voted.status_code, late.status_code, drawn.status_code) == (200, 409, 200)
    assert "closed to a cancelled pledge" in drawn.text
    assert "Your vote for The mast is counted." in voted.text
    assert "Se cerró antes de que llegara tu voto." in late.text
    assert [each.method for each in ledger.heard] == ["POST", "GET", "POST", "GET", "GET"]


async def test_there_is_no_page_of_no_film(one_film: RunningSite) -> None:
    for path in ("/community/no-such-film/", "/community/no-such-film/?t=a.b"):
        assert (await one_film.http.get(path)).status_code == 404
