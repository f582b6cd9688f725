"""From a campaign and the ledger's answer to the supporters' page: pure."""

from datetime import datetime, timedelta

from contracts.api.pledges import CommunityShown, DecisionShown
from contracts.campaign import Decision as Authored
from services.site.cart.answers import Refused
from services.site.community.form import CommunityForm
from services.site.community.shown import Bar, CommunityPage, DecisionCard, Locked, Option
from services.site.public import formatting
from services.site.public.language import Language, catalogue, prefix
from services.site.public.state import CampaignState
from services.site.public.views import Fact, Notice

SOON = timedelta(days=7)


def open_page(
    state: CampaignState,
    answer: CommunityShown,
    language: Language,
    *,
    now: datetime,
    token: str,
    notice: Notice | None = None,
) -> CommunityPage:
    """Return the page for whoever may see it: open decisions first, in their author's order."""
    texts = catalogue(language)
    cards = [
        _card(state, authored, found, language, supporters=answer.supporter_count, now=now)
        for authored in state.definition.decisions
        if (found := answer.decisions.get(authored.decision_id)) is not None
    ]
    return CommunityPage(
        language=language,
        slug=state.slug,
        title=state.definition.title,
        url=_url(state, language),
        token=token,
        notice=notice,
        decisions=tuple(sorted(cards, key=lambda card: not card.is_open)),
        supporters=texts.ngettext(
            "%(num)s person backs this film.",
            "%(num)s people back this film.",
            answer.supporter_count,
        )
        % {"num": answer.supporter_count},
        credited_as=answer.credit.credited_as,
        is_on_wall=answer.credit.on_wall,
        wall=answer.wall,
    )


def locked_page(state: CampaignState, locked: Locked, language: Language) -> CommunityPage:
    """Return the page for whoever may not, or not now, see what is on it."""
    return CommunityPage(
        language=language,
        slug=state.slug,
        title=state.definition.title,
        url=_url(state, language),
        locked=locked,
    )


def locked_by(refused: Refused) -> Locked:
    """Return why a link opens nothing. Who it belongs to is told by no difference."""
    if refused.status == 403 and refused.error == "no_access":
        return "no_access"
    return "bad_link" if refused.status in (400, 401, 403, 404) else "away"


def told(form: CommunityForm, refused: Refused | None, language: Language) -> Notice | None:
    """Return what became of what somebody did."""
    _ = catalogue(language).gettext
    if form.deed == "view":
        return None
    if refused is None:
        if form.deed == "vote":
            title = _("Your vote for %(option)s is counted.") % {"option": form.option}
            text = _("You can change it until the vote closes.")
        else:
            title = _("Your name is saved.") if form.credited_as else _("Your name is taken out.")
            text = _("You can change it here at any time.")
        return Notice(tone="good", icon="check", title=title, text=text)
    if refused.error == "decision_closed":
        title = _("This closed before your vote arrived.")
        text = _("It was not counted. The result is below.")
    elif refused.error == "not_eligible":
        title = _("Your vote was not counted.")
        text = _("Only those whose card was charged decide this.")
    elif form.deed == "vote":
        title = _("Your vote was not counted.")
        text = _("Choose one of the options and send it again.")
    else:
        title = _("Your name was not saved.")
        text = _("It may have up to 100 characters.")
    return Notice(tone="bad", icon="circle-alert", title=title, text=text)


def _card(
    state: CampaignState,
    authored: Authored,
    found: DecisionShown,
    language: Language,
    *,
    supporters: int,
    now: datetime,
) -> DecisionCard:
    pictures = state.content.option_pictures.get(authored.decision_id, ())
    by_option = dict(zip(authored.options, pictures, strict=False))
    is_open = found.status == "open"
    options = tuple(
        Option(label=each, picture=by_option.get(each), is_chosen=each == found.user_choice)
        for each in found.options
    )
    has_voted = found.user_choice is not None
    return DecisionCard(
        decision_id=found.decision_id,
        title=found.title,
        tag=_tag(found, now, language),
        when=_when(state, found, language),
        words=_words(found, supporters, language),
        is_open=is_open,
        may_vote=found.may_vote,
        has_voted=has_voted,
        has_pictures=any(each.picture for each in options),
        options=options,
        bars=_bars(found, language) if (has_voted and found.may_vote) or not is_open else (),
        outcome="" if is_open else _outcome(found, language),
    )


def _tag(found: DecisionShown, now: datetime, language: Language) -> Fact:
    _ = catalogue(language).gettext
    if found.status == "closed":
        return Fact(text=_("Closed"), icon="lock", tone="plain")
    if found.deadline is None:
        return Fact(text=_("Open"), icon="clock", tone="plain")
    tone = "lamp" if found.deadline - now < SOON else "plain"
    words = formatting.days_left(found.deadline, now, language)
    return Fact(text=words, icon="clock", tone="lamp" if tone == "lamp" else "plain")


def _when(state: CampaignState, found: DecisionShown, language: Language) -> str:
    _ = catalogue(language).gettext
    zone = state.definition.timezone
    if found.deadline is None:
        return "" if found.status == "closed" else _("Open until the makers close it.")
    last = formatting.last_minute(found.deadline)
    if found.status == "closed":
        return _("Closed %(day)s.") % {"day": formatting.day(last, zone, language)}
    return _("Closes %(day)s, %(time)s.") % {
        "day": formatting.weekday(last, zone, language),
        "time": formatting.time(last, zone, language),
    }


def _words(found: DecisionShown, supporters: int, language: Language) -> str:
    """Return what the vote does, and how many have voted."""
    _ = catalogue(language).gettext
    binding = _("The makers follow the result.")
    advice = _("Advice to the makers, not binding.")
    parts = [binding if found.type == "vote" else advice]
    if found.eligible == "charged":
        parts.append(_("Those whose card was charged decide."))
    if found.status == "open":
        counted = {"voted": found.total_votes, "all": supporters}
        told = _("%(voted)s of %(all)s have voted.")
        if found.eligible == "charged":
            told = _("%(voted)s have voted.")
        parts.append(told % counted)
        if not found.may_vote:
            parts.append(_("Yours was not charged: you see the result when it closes."))
        elif found.user_choice is None:
            parts.append(_("You see the count once you have."))
    return " ".join(parts)


def _bars(found: DecisionShown, language: Language) -> tuple[Bar, ...]:
    most = max(found.results.values(), default=0)
    order = list(found.options)
    if found.status == "closed":
        order.sort(key=lambda option: -found.results[option])
    return tuple(
        Bar(
            label=each,
            percent=formatting.percent(_rounded(found.results[each], found.total_votes), language),
            votes=found.results[each],
            width=f"{_rounded(found.results[each], found.total_votes)}%",
            is_first=0 < found.results[each] == most,
            is_chosen=each == found.user_choice,
        )
        for each in order
    )


def _outcome(found: DecisionShown, language: Language) -> str:
    texts = catalogue(language)
    if not found.total_votes:
        return texts.gettext("Nobody voted.")
    most = max(found.results.values())
    first = [option for option in found.options if found.results[option] == most]
    votes = texts.ngettext("%(num)s vote.", "%(num)s votes.", found.total_votes) % {
        "num": found.total_votes
    }
    chosen = texts.gettext("Most chose %(option)s.") % {"option": first[0]}
    tie = texts.gettext("A tie: %(options)s.") % {"options": ", ".join(first)}
    return f"{votes} {chosen if len(first) == 1 else tie}"


def _rounded(part: int, whole: int) -> int:
    """Return a part in whole percent, half up; of nothing it is nothing."""
    return (200 * part + whole) // (2 * whole) if whole else 0


def _url(state: CampaignState, language: Language) -> str:
    return f"{prefix(language)}/campaigns/{state.slug}/"
