"""View models to bytes: which template a page has, and what stands in its head."""

from services.site.cart.receipt import SuccessPage
from services.site.cart.shown import CartPage
from services.site.community.shown import CommunityPage
from services.site.manage.shown import ManagePage
from services.site.public.assets import static_base
from services.site.public.embed import Builder, Widget
from services.site.public.frame import Frame, SiteFrame, draw, in_language, titled
from services.site.public.language import Language, catalogue, prefix
from services.site.public.list_views import ArchivePage, HomePage
from services.site.public.reminder import ReminderPage
from services.site.public.sharing import campaign_data, platform_data, share_links
from services.site.public.strings import manage_strings
from services.site.public.style_page import StylePage
from services.site.public.views import CampaignPage, ResultPage
from services.site.public.wish import WishPage

CHECKLIST = "creator-campaign-checklist"


def render_home(page: HomePage, site: SiteFrame) -> bytes:
    """Return the home page."""
    texts = catalogue(page.language)
    frame = Frame(
        language=page.language,
        path="/",
        title=site.platform.platform_name,
        description=texts.gettext(
            "Independent films, paid for only if they happen. Save a card, pay nothing today."
        ),
        image_url=f"/share/site.png{in_language(page.language)}",
        image_alt=texts.gettext("Independent films, paid for only if they happen"),
        takes_cards=True,
        data=tuple(platform_data(site.platform, site.site_base, f"{static_base()}/icons/logo.svg")),
    )
    return draw("home.html.j2", frame, site, page=page)


def render_archive(page: ArchivePage, site: SiteFrame) -> bytes:
    """Return the list of all campaigns; a narrowed one is not for search engines."""
    texts = catalogue(page.language)
    frame = Frame(
        language=page.language,
        path="/campaigns/",
        title=titled(texts.gettext("All films"), site),
        description=texts.gettext("Every film: live now, opening soon, and closed."),
        is_indexed=not page.is_narrowed,
        takes_cards=True,
    )
    return draw("archive.html.j2", frame, site, page=page)


def render_campaign(page: CampaignPage, site: SiteFrame) -> bytes:
    """Return a campaign's page."""
    texts = catalogue(page.language)
    image = page.wide.url if page.wide else ""
    above = (site.platform.platform_name, texts.gettext("All films"))
    data = campaign_data(
        page, site_base=site.site_base, image=absolute(image, site.site_base), above=above
    )
    frame = Frame(
        language=page.language,
        path=f"/campaigns/{page.slug}/",
        title=titled(page.title, site),
        social_title=page.invitation.share_sentence,
        description=page.description,
        image_url=f"/share/campaign/{page.slug}.png{in_language(page.language)}",
        image_alt=f"{page.invitation.share_sentence} {page.waterline.description}.",
        takes_cards=True,
        og_type="article",
        published_at=str(page.live_island["startsAt"]),
        data=tuple(data),
    )
    url = f"{site.site_base}{prefix(page.language)}{frame.path}"
    links = share_links(page.invitation.share_sentence, url, page.language)
    return draw("campaign.html.j2", frame, site, page=page, share_links=links, share_url=url)


def absolute(url: str, site_base: str) -> str:
    """Return an address of ours with our name; one that is elsewhere as it is."""
    return url if "://" in url or not url else site_base + url


def render_success(page: SuccessPage, site: SiteFrame) -> bytes:
    """Return the page after the card: a receipt, or honestly how far it is."""
    return _render_result("success.html.j2", "pledge-success", page.heading, page, site)


def render_cancelled(page: ResultPage, site: SiteFrame) -> bytes:
    """Return the page after the card step was left."""
    title = catalogue(page.language).gettext("Nothing was saved")
    return _render_result("pledge_cancel.html.j2", "pledge-cancel", title, page, site)


def render_cart(page: CartPage, site: SiteFrame) -> bytes:
    """Return the cart as a page of its own; the drawer takes its inside."""
    texts = catalogue(page.language)
    title = texts.gettext("Save your card") if page.step == "card" else texts.gettext("Your cart")
    frame = Frame(
        language=page.language,
        path="/cart/",
        title=titled(title, site),
        is_indexed=False,
        takes_cards=True,
    )
    return draw("cart.html.j2", frame, site, cart=page)


def render_manage(page: ManagePage, site: SiteFrame) -> bytes:
    """Return the manage page, with what its link opens or without a link."""
    frame = Frame(
        language=page.language,
        path="/manage/",
        title=titled(catalogue(page.language).gettext("Your pledges"), site),
        is_indexed=False,
        has_cart=False,
        is_private=True,
        takes_cards=True,
    )
    return draw(
        "manage.html.j2", frame, site, page=page, manage_strings=manage_strings(page.language)
    )


def render_community(page: CommunityPage, site: SiteFrame) -> bytes:
    """Return the supporters' page of a campaign, for one person or for nobody."""
    texts = catalogue(page.language)
    frame = Frame(
        language=page.language,
        path=f"/community/{page.slug}/",
        title=titled(f"{texts.gettext('For supporters')}: {page.title}", site),
        is_indexed=False,
        has_cart=False,
        is_private=True,
    )
    return draw("community.html.j2", frame, site, page=page)


def render_reminder(page: ReminderPage, site: SiteFrame) -> bytes:
    """Return the form for a launch reminder as a page of its own."""
    frame = Frame(
        language=page.language,
        path=f"/campaigns/{page.slug}/",
        title=titled(page.title, site),
        is_indexed=False,
        has_cart=False,
        is_private=True,
        referrer="same-origin",
    )
    return draw("reminder.html.j2", frame, site, page=page)


def render_widget(page: Widget, site: SiteFrame) -> bytes:
    """Return a campaign's widget, a page for frames on other sites."""
    frame = Frame(
        language=page.language,
        path="/embed/campaign/",
        title=titled(page.card.title, site),
        is_indexed=False,
    )
    return draw("embed.html.j2", frame, site, page=page)


def render_builder(page: Builder, site: SiteFrame) -> bytes:
    """Return the page that makes the widget's snippet."""
    title = catalogue(page.language).gettext("A film on your own page")
    frame = Frame(
        language=page.language,
        path="/embed/",
        title=titled(title, site),
        is_indexed=False,
        has_cart=False,
    )
    return draw("builder.html.j2", frame, site, page=page)


def render_style(page: StylePage, site: SiteFrame) -> bytes:
    """Return the style page, which is in English alone."""
    frame = Frame(
        language="en",
        path="/style/",
        title=titled("Style page", site),
        is_indexed=False,
        has_cart=False,
    )
    return draw("style.html.j2", frame, site, page=page)


def render_wish(page: WishPage, site: SiteFrame) -> bytes:
    """Return the page on which somebody says what they want to be told of."""
    frame = Frame(
        language=page.language,
        path="/",
        title=titled(catalogue(page.language).gettext("What we write to you"), site),
        is_indexed=False,
        has_cart=False,
        is_private=True,
    )
    return draw("wish.html.j2", frame, site, page=page)


def render_text(name: str, language: Language, site: SiteFrame) -> bytes:
    """Return one of the long texts; what is for makers alone is not for search engines."""
    texts = catalogue(language)
    titles = {
        "about": texts.gettext("How it works"),
        "terms": texts.gettext("Terms"),
        "privacy": texts.gettext("Privacy"),
        CHECKLIST: texts.gettext("Before your campaign opens"),
    }
    frame = Frame(
        language=language,
        path=f"/{name}/",
        title=titled(titles[name], site),
        is_indexed=name != CHECKLIST,
        has_cart=False,
    )
    return draw(
        f"texts/{name}.{language}.html.j2",
        frame,
        site,
        operator=site.platform.company_name or site.platform.platform_name,
    )


def render_error(status: int, language: Language, site: SiteFrame) -> bytes:
    """Return an error page in words: 400, 404, 503, and 500 for everything else."""
    known = status if status in (400, 404, 503) else 500
    texts = catalogue(language)
    titles = {
        400: texts.gettext("We could not take that"),
        404: texts.gettext("There is nothing here"),
        500: texts.gettext("That went wrong on our side"),
        503: texts.gettext("We are busy for a moment"),
    }
    frame = Frame(
        language=language,
        path="/",
        title=titled(titles[known], site),
        is_indexed=False,
        has_cart=False,
    )
    return draw("error.html.j2", frame, site, status=known)


def referrer_of(page: ResultPage | SuccessPage) -> str:
    """Return what a page after the card tells others: nothing, or us alone where it has a form.

    A form on a page without a referrer has no origin either, and would be nobody's.
    """
    has_form = isinstance(page, ResultPage) and page.resumes
    return "same-origin" if has_form else "no-referrer"


def _render_result(
    template: str, last: str, title: str, page: ResultPage | SuccessPage, site: SiteFrame
) -> bytes:
    frame = Frame(
        language=page.language,
        path=f"/campaigns/{page.slug}/{last}/",
        title=titled(title, site),
        is_indexed=False,
        has_cart=False,
        is_private=True,
        referrer=referrer_of(page),
    )
    return draw(template, frame, site, page=page)
