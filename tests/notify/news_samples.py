"""The news everybody knows by sight, and the mails to those who run a platform or a campaign."""

from datetime import timedelta

from contracts.money import Cents
from services.notify.domain.facts import DisputeFacts, Facts, PreviewFacts, ReportFacts
from services.notify.domain.mails import MailKind
from services.notify.domain.news import News
from tests.notify.facts import CAMPAIGN, PLEDGE, SITE

ANNOUNCED = News(
    subject="Last call for the map",
    heading="The survey map closes on Friday",
    body="We print it once.\nAfter Friday the plate is gone.\n\nThank you for walking with us.",
    cta_label="Choose the map",
    cta_url=f"{SITE}/campaigns/nine-bridges-north/",
)
TOLD = News(
    subject="Day nine: the sixth bridge",
    heading="Day nine: the sixth bridge",
    body="The river was higher than the maps say, so we slept on the wrong side of it …",
    entry_id="day-nine",
)
PLAIN = News(subject="A word of thanks", body="You are two hundred by now.")


def _milestone(name: str, pledged: int, **more: object) -> News:
    return News(
        milestone=name,  # type: ignore[arg-type]
        pledged_cents=Cents(pledged),
        supporter_count=214,
        **more,  # type: ignore[arg-type]
    )


NEWS_SAMPLES: dict[str, tuple[MailKind, Facts]] = {
    "announcement": ("announcement", Facts(pledge_id=PLEDGE, news=ANNOUNCED)),
    "announcement_plain": ("announcement", Facts(pledge_id=PLEDGE, news=PLAIN)),
    "diary_update": ("diary_update", Facts(pledge_id=PLEDGE, news=TOLD)),
    "milestone_third": (
        "milestone",
        Facts(pledge_id=PLEDGE, news=_milestone("one-third", 612_500)),
    ),
    "milestone_two_thirds": (
        "milestone",
        Facts(pledge_id=PLEDGE, news=_milestone("two-thirds", 1_200_000)),
    ),
    "milestone_goal": ("milestone", Facts(pledge_id=PLEDGE, news=_milestone("goal", 1_800_050))),
    "milestone_stretch": (
        "milestone",
        Facts(
            pledge_id=PLEDGE,
            news=_milestone("stretch", 2_400_000, stretch_title="A night on the seventh bridge"),
        ),
    ),
    "launch_reminder": ("launch_reminder", Facts(news=News())),
    "dispute_notice": (
        "dispute_notice",
        Facts(
            dispute=DisputeFacts(
                dispute_id="du_1PoolDispute",
                reason="fraudulent",
                amount_cents=Cents(7_637),
                due_at=CAMPAIGN.deadline_at + timedelta(days=21),
            ),
        ),
    ),
    "sign_in": ("sign_in", Facts(sign_in_token="b25jZQ.c2lnbmVk")),
    "preview_link": (
        "preview_link",
        Facts(
            preview=PreviewFacts(
                campaign=CAMPAIGN.slug,
                title=CAMPAIGN.title,
                shared_by="runner@film.example",
                token="b25jZQ-bG9va2Vk",
            )
        ),
    ),
    "campaign_report": (
        "campaign_report",
        Facts(
            report=ReportFacts(
                report_type="pledge",
                pledge_count=214,
                new_count=9,
                pledged_cents=Cents(1_799_300),
            )
        ),
    ),
    "campaign_report_first": (
        "campaign_report",
        Facts(
            report=ReportFacts(
                report_type="pledge",
                pledge_count=0,
                new_count=0,
                pledged_cents=Cents(0),
            )
        ),
    ),
    "campaign_report_quiet": (
        "campaign_report",
        Facts(
            report=ReportFacts(
                report_type="pledge",
                pledge_count=214,
                new_count=0,
                pledged_cents=Cents(612_500),
                has_file=False,
                subject_prefix="[The Pool]",
            )
        ),
    ),
    "campaign_report_file": (
        "campaign_report",
        Facts(
            report=ReportFacts(
                report_type="pledge",
                pledge_count=214,
                new_count=9,
                pledged_cents=Cents(1_799_300),
                has_summary=False,
            )
        ),
    ),
    "campaign_report_platform": (
        "campaign_report",
        Facts(
            report=ReportFacts(
                report_type="platform",
                pledge_count=301,
                new_count=0,
                pledged_cents=Cents(2_431_000),
                has_summary=False,
            )
        ),
    ),
    "campaign_report_fulfillment": (
        "campaign_report",
        Facts(
            report=ReportFacts(
                report_type="fulfillment",
                pledge_count=301,
                new_count=0,
                pledged_cents=Cents(2_431_000),
            )
        ),
    ),
}
