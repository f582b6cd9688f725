"""The mails everybody knows by sight: one of each kind, in each language."""

from datetime import UTC, datetime, timedelta

import msgspec

from contracts.events.checkout import Card, CardNoticeDue, RefusedPart
from contracts.events.pledges import LinkedPledge, PledgeSnapshot, SupporterNotice
from contracts.events.settlement import NoticedPledge
from contracts.ids import CampaignSlug, EventId, PledgeId, supporter_id
from contracts.money import Cents
from contracts.pricing import PriceBreakdown, PricedLine
from contracts.recovery import DeclineClass, Recovery
from services.notify.domain import telling
from services.notify.domain.facts import Facts
from services.notify.domain.language import Language
from services.notify.domain.letters import Letter, Letters
from services.notify.domain.links import Links
from services.notify.domain.mails import Campaign, Mail, MailKind, PlatformNames
from tests.notify.facts import CAMPAIGN, EMAIL, ORDER, PLEDGE, SECRET, SITE, SLUG, WRITTEN_AT
from tests.notify.news_samples import NEWS_SAMPLES

OTHER = Campaign(
    slug=CampaignSlug("the-salt-road"),
    title="The Salt Road",
    deadline_at=datetime(2026, 11, 27, 5, tzinfo=UTC),
    timezone="America/New_York",
    goal_cents=Cents(900_000),
    instagram_url="",
)
PLATFORM = PlatformNames(support_email="hello@pool.example")
LETTERS = Letters(
    email_from="The Pool <pledges@pool.example>",
    links=Links(site_base=SITE, magic_link_secret=SECRET),
)

FRAME = PricedLine(
    kind="tier",
    item_id="survey-map",
    label="The survey map",
    quantity=2,
    unit_cents=Cents(2_500),
    total_cents=Cents(5_000),
    is_physical=True,
)
EXTRA = PricedLine(
    kind="custom_amount",
    item_id="custom-support",
    label="Custom support",
    quantity=1,
    unit_cents=Cents(1_500),
    total_cents=Cents(1_500),
)
CARD = Card(
    customer_id="cus_1",
    payment_method_id="pm_1",
    brand="visa",
    last4="4242",
    exp_month=12,
    exp_year=2030,
)


def a_price(**changes: int) -> PriceBreakdown:
    """Return the specification's price: 5,000 + 300 + 394 + 250 = 5,944 cents."""
    figures = {"subtotal": 5_000, "shipping": 300, "tax": 394, "tip": 250, **changes}
    return PriceBreakdown(
        subtotal_cents=Cents(figures["subtotal"]),
        shipping_cents=Cents(figures["shipping"]),
        tax_cents=Cents(figures["tax"]),
        tip_percent=5 if figures["tip"] else 0,
        tip_cents=Cents(figures["tip"]),
        total_cents=Cents(sum(figures.values())),
        goal_cents=Cents(figures["subtotal"]),
        tax_rate="0.07875",
    )


def a_pledge(
    *,
    pledge_id: PledgeId = PLEDGE,
    email: str = EMAIL,
    language: str = "en",
    status: str = "active",
    revision: int = 1,
    lines: tuple[PricedLine, ...] = (FRAME,),
    price: PriceBreakdown | None = None,
    campaign: CampaignSlug = SLUG,
) -> PledgeSnapshot:
    """Return a pledge as the ledger tells it."""
    return PledgeSnapshot(
        pledge_id=pledge_id,
        order_id=ORDER,
        campaign=campaign,
        supporter_id=supporter_id(email),
        email=email,
        language=language,
        revision=revision,
        status=status,  # type: ignore[arg-type]
        lines=lines,
        price=price or a_price(),
        card=CARD,
        created_at=WRITTEN_AT,
    )


def a_notice(
    *,
    pledge_ids: tuple[PledgeId, ...] = (PLEDGE,),
    email: str = EMAIL,
    language: str = "en",
    lines: tuple[PricedLine, ...] = (FRAME, EXTRA),
) -> SupporterNotice:
    """Return two pledges of one supporter, summed: 6,500 + 300 + 512 + 325 = 7,637 cents."""
    return SupporterNotice(
        supporter_id=supporter_id(email),
        email=email,
        language=language,
        pledge_ids=pledge_ids,
        lines=lines,
        subtotal_cents=Cents(6_500),
        shipping_cents=Cents(300),
        tax_cents=Cents(512),
        tip_cents=Cents(325),
        total_cents=Cents(7_637),
        card=CARD,
    )


def a_mail(kind: MailKind, facts: Facts, *, language: str = "en") -> Mail:
    """Return a mail whose turn it is."""
    return Mail(
        mail_id="01997f00-0000-7000-8000-000000000001",
        kind=kind,
        campaign=SLUG,
        address=EMAIL,
        language=language,
        facts=facts,
        created_at=WRITTEN_AT,
        attempts=1,
        edition=1,
        first_attempt_at=WRITTEN_AT,
        claimed_at=WRITTEN_AT,
    )


OLD_CARD = msgspec.structs.replace(CARD, exp_month=11, exp_year=2026)


def a_card_notice(*, reason: str = "expires", days_left: int = 7) -> CardNoticeDue:
    """Return the news that a card will not last until everything is charged."""
    return CardNoticeDue(
        event_id=EventId("notice"),
        occurred_at=WRITTEN_AT,
        campaign=SLUG,
        supporter_id=supporter_id(EMAIL),
        email=EMAIL,
        language="en",
        pledge_ids=(PLEDGE,),
        card=OLD_CARD,
        deadline_at=CAMPAIGN.deadline_at,
        needed_until=CAMPAIGN.deadline_at + timedelta(days=7),
        days_left=days_left,
        reason=reason,  # type: ignore[arg-type]
    )


AFTER_THE_END = datetime(2026, 12, 14, 7, 1, tzinfo=UTC)


def owing(
    because: DeclineClass, *, next_day: int | None = None, is_last_day: bool = False
) -> Facts:
    """Return what a mail about a declined charge tells."""
    recovery = Recovery(
        ends_at=AFTER_THE_END + timedelta(days=7),
        because=because,
        next_attempt_at=AFTER_THE_END + timedelta(days=next_day) if next_day else None,
        needs_authentication=because == "person",
    )
    facts = telling.facts_of_notice(a_notice(), happened_at=AFTER_THE_END)
    return msgspec.structs.replace(facts, recovery=recovery, is_last_day=is_last_day)


def refund_of(cents: int, in_all: int) -> Facts:
    """Return what a mail about a refund tells."""
    return msgspec.structs.replace(
        telling.facts_of_notice(a_notice(), happened_at=AFTER_THE_END + timedelta(days=9)),
        refund_cents=Cents(cents),
        returned_cents=Cents(in_all),
    )


def a_bundle() -> Facts:
    """Return what is told of an order of which another part came too late."""
    return msgspec.structs.replace(
        telling.facts_of_pledge(a_pledge()),
        refused=(
            RefusedPart(campaign=OTHER.slug, reason="deadline_passed"),
            RefusedPart(campaign=OTHER.slug, reason="sold_out"),
        ),
    )


SAMPLES: dict[str, tuple[MailKind, Facts]] = {
    "pledge_confirmed": ("pledge_confirmed", telling.facts_of_pledge(a_pledge())),
    "pledge_cancelled": ("pledge_cancelled", telling.facts_of_pledge(a_pledge())),
    "pledge_modified": (
        "pledge_modified",
        msgspec.structs.replace(
            telling.facts_of_pledge(a_pledge()),
            before_cents=Cents(5_000),
            before_subtotal_cents=Cents(4_200),
        ),
    ),
    "your_links": (
        "your_links",
        Facts(
            opened=(
                LinkedPledge(
                    pledge_id=PLEDGE,
                    campaign=SLUG,
                    title=CAMPAIGN.title,
                    deadline_at=CAMPAIGN.deadline_at,
                ),
            ),
            link_generation=2,
        ),
    ),
    "payment_confirmed": (
        "payment_confirmed",
        telling.facts_of_notice(a_notice(), happened_at=AFTER_THE_END),
    ),
    "payment_failed": ("payment_failed", owing("unexplained", next_day=3)),
    "payment_failed_last_day": ("payment_failed", owing("unusable", is_last_day=True)),
    "payment_unconfirmed": ("payment_unconfirmed", owing("person")),
    "payment_unconfirmed_last_day": ("payment_unconfirmed", owing("person", is_last_day=True)),
    "payment_lost": (
        "payment_lost",
        telling.facts_of_notice(a_notice(), happened_at=AFTER_THE_END + timedelta(days=7)),
    ),
    "pledge_confirmed_late": (
        "pledge_confirmed",
        telling.facts_of_pledge(msgspec.structs.replace(a_pledge(), is_late=True)),
    ),
    "not_funded": ("not_funded", telling.facts_of_notice(a_notice())),
    "payment_lost_refunded": (
        "payment_lost",
        telling.facts_of_notice(a_notice(), happened_at=AFTER_THE_END, reason="refunded"),
    ),
    "campaign_ended": ("campaign_ended", telling.facts_of_notice(a_notice())),
    "charge_notice_two_days": ("charge_notice", telling.facts_of_notice(a_notice())),
    "charge_notice_several": (
        "charge_notice",
        msgspec.structs.replace(
            telling.facts_of_notice(a_notice(), reason="close"),
            pledges=(
                NoticedPledge(pledge_id=PLEDGE, total_cents=Cents(5_000)),
                NoticedPledge(
                    pledge_id=PledgeId("pool-intent-1e2d3c4b5a69"), total_cents=Cents(2_637)
                ),
            ),
        ),
    ),
    "refunded": ("refunded", refund_of(7_637, 7_637)),
    "refunded_in_part": ("refunded", refund_of(1_000, 3_000)),
    "refund_failed": ("refund_failed", refund_of(1_000, 0)),
    "not_counted_closed": ("not_counted", Facts(lines=(FRAME,), reason="closed")),
    "not_counted_deadline": ("not_counted", Facts(reason="deadline_passed")),
    "not_counted_sold_out": ("not_counted", Facts(reason="sold_out")),
    "not_counted_several": (
        "not_counted",
        Facts(reason="sold_out", refused=(RefusedPart(campaign=OTHER.slug, reason="closed"),)),
    ),
    "pledge_confirmed_bundle": ("pledge_confirmed", a_bundle()),
    "card_expires": ("card_expires", telling.facts_of_fading_card(a_card_notice())),
    "card_unusable": ("card_unusable", telling.facts_of_fading_card(a_card_notice())),
    **NEWS_SAMPLES,
    "pledge_confirmed_card_expires": (
        "pledge_confirmed",
        telling.facts_of_pledge(msgspec.structs.replace(a_pledge(), card=OLD_CARD)),
    ),
}


def a_letter(name: str, language: Language) -> Letter:
    """Return the sample of that name as a letter."""
    kind, facts = SAMPLES[name]
    mail = a_mail(kind, facts, language=language)
    return LETTERS.write(mail, CAMPAIGN, PLATFORM, others={OTHER.slug: OTHER})
