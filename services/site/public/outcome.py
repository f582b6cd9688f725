"""How a campaign stands, in words: tags, notices, promises and the four sums after the end."""

from datetime import datetime, timedelta

from services.site.public import formatting
from services.site.public.language import Language, catalogue
from services.site.public.late import late_items
from services.site.public.state import CampaignState, Stage
from services.site.public.views import Fact, Notice, Row, Sum


def pledged_by(state: CampaignState, language: Language) -> str:
    """Return “pledged of $25,000 by 312 people”."""
    texts = catalogue(language)
    people = texts.ngettext("%(num)s person", "%(num)s people", state.supporter_count) % {
        "num": f"{state.supporter_count:,}"
    }
    return texts.gettext("pledged of %(goal)s by %(people)s") % {
        "goal": formatting.money(state.definition.goal_cents),
        "people": people,
    }


def deadline_day(state: CampaignState, language: Language) -> str:
    """Return the last day that counts: “December 13”."""
    last = formatting.last_minute(state.definition.deadline_at)
    return formatting.day(last, state.definition.timezone, language)


def rewards_words(state: CampaignState, stage: Stage, language: Language) -> tuple[str, str]:
    """Return what stands over the rewards: the promise with its shield, or a plain line."""
    texts = catalogue(language)
    definition = state.definition
    if stage in ("upcoming", "live"):
        promise = texts.gettext(
            "Your card is saved, not charged. You pay only if %(title)s reaches %(goal)s"
            " by %(day)s."
        ) % {
            "title": definition.title,
            "goal": formatting.money(definition.goal_cents),
            "day": deadline_day(state, language),
        }
        return promise, ""
    if late_items(state, stage):
        return "", texts.gettext(
            "The goal is reached, and the total above stays as it is. This goes straight to the"
            " film. Your card is charged today."
        )
    return "", texts.gettext("These were the rewards.")


def reasons(state: CampaignState, stage: Stage, language: Language) -> tuple[Row, ...]:
    """Return why it is safe to pledge: each a claim and how the site keeps it."""
    if stage not in ("upcoming", "live"):
        return ()
    texts = catalogue(language)
    until = formatting.day(
        formatting.last_minute(state.definition.deadline_at), state.definition.timezone, language
    )
    written = [
        (
            texts.gettext("Your card goes to Stripe, never to us."),
            texts.gettext("It is typed into Stripe's own field. Nobody here can see or keep it."),
        ),
        (
            texts.gettext("Nothing is taken before the end."),
            texts.gettext("Until %(day)s you can change or cancel with the link in your email."),
        ),
        (
            texts.gettext("One charge, for the sum you agreed to."),
            texts.gettext("It is made once, after the goal is reached, and for no cent more."),
        ),
        (
            texts.gettext("Goal missed: nothing happens."),
            texts.gettext("No charge, and an email that says so."),
        ),
    ]
    return tuple(Row(label=label, value=value % {"day": until}) for label, value in written)


def status(state: CampaignState, stage: Stage, language: Language) -> Notice | None:
    """Return the notice over the art, when the stage needs one."""
    texts = catalogue(language)
    if stage == "closing":
        return Notice(
            tone="info",
            icon="info",
            title=texts.gettext("Closed, counting"),
            text=texts.gettext("The deadline has passed. The result is here in a minute or two."),
        )
    if stage == "not_funded":
        return Notice(
            tone="info",
            icon="circle-slash",
            title=texts.gettext("The film didn't reach its goal. Nobody was charged."),
            text=texts.gettext("Everybody who pledged has an email that says so."),
        )
    if stage == "cancelled":
        return Notice(
            tone="info",
            icon="circle-slash",
            title=texts.gettext("This campaign was ended early. Nobody was charged."),
            text=texts.gettext("Everybody who pledged has an email that says so."),
        )
    if stage == "funded" and state.recovering_cents > 0:
        return Notice(
            tone="lamp",
            icon="credit-card",
            title=texts.gettext("Did your card not go through?"),
            text=texts.gettext("Open the link in your email. It says what to do, and by when."),
        )
    return None


def tag(state: CampaignState, stage: Stage, now: datetime, language: Language) -> Fact | None:
    """Return the small tag over the sum."""
    texts = catalogue(language)
    if stage == "funded":
        return Fact(icon="check", text=texts.gettext("Funded"), tone="good")
    if stage in ("not_funded", "cancelled"):
        words = (
            texts.gettext("Not funded") if stage == "not_funded" else texts.gettext("Ended early")
        )
        return Fact(icon="circle-slash", text=words)
    if stage == "closing":
        return Fact(icon="lock", text=texts.gettext("Locked, being counted"))
    if stage == "live" and state.pledged_cents >= state.definition.goal_cents > 0:
        return Fact(icon="check", text=texts.gettext("Goal reached"), tone="good")
    if stage == "live" and state.definition.deadline_at - now <= timedelta(days=1):
        return Fact(icon="clock", text=texts.gettext("Closes today"), tone="lamp")
    return None


def closed_line(state: CampaignState, stage: Stage, language: Language) -> str:
    """Return when it closed, once the count is final; ended early, the notice says it all."""
    if stage in ("upcoming", "live", "closing", "cancelled"):
        return ""
    texts = catalogue(language)
    zone = state.definition.timezone
    last = formatting.last_minute(state.definition.deadline_at)
    when = f"{formatting.date(last, zone, language)}, {formatting.time(last, zone, language)}"
    return texts.gettext("Closed %(when)s. This number no longer changes.") % {"when": when}


def sums(state: CampaignState, stage: Stage, language: Language) -> tuple[Sum, ...]:
    """Return the honest sums, once charging has begun; given back only where something was."""
    settled = state.settled_cents
    if stage != "funded" or settled == 0:
        return ()
    texts = catalogue(language)
    until = ""
    if state.recovery_ends_at is not None and state.recovering_cents:
        zone = state.definition.timezone
        last = formatting.day(formatting.last_minute(state.recovery_ends_at), zone, language)
        until = texts.gettext("cards being fixed, until %(day)s") % {"day": last}
    returned = Sum(
        kind="returned",
        label=texts.gettext("Given back"),
        amount=formatting.money(state.returned_cents),
        note=texts.gettext("refunded, or taken back by a bank"),
    )
    return (
        Sum(
            kind="collected",
            label=texts.gettext("Collected"),
            amount=formatting.money(state.collected_cents),
            note=texts.gettext("charged and with the film"),
        ),
        Sum(
            kind="recovering",
            label=texts.gettext("Recovering"),
            amount=formatting.money(state.recovering_cents),
            note=until or texts.gettext("cards being fixed"),
        ),
        Sum(
            kind="lost",
            label=texts.gettext("Lost"),
            amount=formatting.money(state.lost_cents),
            note=texts.gettext("could not be charged"),
        ),
        *([returned] if state.returned_cents else []),
        Sum(
            kind="pledged",
            label=texts.gettext("Pledged"),
            amount=formatting.money(state.pledged_cents),
            note=texts.gettext("this number no longer changes"),
        ),
    )


def sums_line(state: CampaignState, language: Language) -> str:
    """Return how the sums add up; while charging goes on, what is still under way.

    Support after the end is beside that total, never inside it.
    """
    texts = catalogue(language)
    line = _sums_line(state, language)
    if not state.late_support_cents:
        return line
    later = texts.gettext("Since the end %(amount)s more went straight to the film.") % {
        "amount": formatting.money(state.late_support_cents)
    }
    return f"{line} {later}"


def _sums_line(state: CampaignState, language: Language) -> str:
    texts = catalogue(language)
    settled = state.settled_cents
    if settled < state.pledged_cents:
        under_way = formatting.money(state.pledged_cents - settled)
        return texts.gettext("%(amount)s more is being charged now.") % {"amount": under_way}
    if state.returned_cents:
        return texts.gettext(
            "Collected, recovering, lost and given back add up to what was pledged."
        )
    return texts.gettext("Collected, recovering and lost add up to what was pledged.")
