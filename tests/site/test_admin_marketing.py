"""Links that tell: made once under a code of their own, changed, drawn, retired, counted."""

import re
import struct
from urllib.parse import parse_qs, urlsplit

import pytest

from contracts.api.analytics import BreakdownRow, ReferralReport
from contracts.ids import CampaignSlug
from contracts.refusals import InputRefused
from services.site.admin.referrals import (
    CODE_MAX,
    LinkWords,
    code_of,
    drawn,
    drawn_inline,
    link_of,
    read_link_words,
)
from tests.site.admins import Visitor, signed_in
from tests.site.running import Behind, RunningSite
from tests.site.test_analytics import answers

LONG = "long-take"
WORDS = {"referrer": "Ada Lovelace", "source": "newsletter", "medium": "email", "content": ""}
THEIRS = {"role": "campaign", "campaigns": [LONG]}


def report(*rows: BreakdownRow) -> ReferralReport:
    attributed = sum(each.amount for each in rows)
    return ReferralReport(
        campaign_slug=CampaignSlug(LONG), amount=20_000, attributed=attributed, rows=rows
    )


async def kept(visitor: Visitor, **words: str) -> str:
    """Keep a link; return its code."""
    made = await visitor.post(f"/admin/marketing/{LONG}", **{**WORDS, **words})
    assert made.status_code == 303, made.text
    found = re.fullmatch(
        rf"/admin/marketing/{LONG}/([a-z0-9-]+)/\?done=code-made", made.headers["location"]
    )
    assert found, made.headers["location"]
    return found[1]


async def test_a_link_is_shown_kept_and_counted(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await signed_in(one_film, "theirs@pool.example", **THEIRS)
    answers(shared, report())

    shown = await visitor.get(f"/admin/marketing/{LONG}/", params=WORDS)
    code = await kept(visitor)
    row = BreakdownRow(key=code, count=2, amount=5_000)
    answers(shared, *[report(row, BreakdownRow(key="elsewhere", count=1, amount=1_000))] * 2)
    listed = await visitor.get(f"/admin/marketing/{LONG}/")
    one = await visitor.get(f"/admin/marketing/{LONG}/{code}/")

    assert f"ref={code}" in shown.text
    assert "utm_source=newsletter&amp;utm_medium=email&amp;utm_campaign=long-take" in shown.text
    for page in (listed, one):
        assert "$50.00" in page.text
        assert "25%" in page.text
    assert "elsewhere" in listed.text
    assert "<svg" in one.text.partition('class="qr-frame"')[2]
    log = await (await signed_in(one_film, "ada@pool.example")).get(
        "/admin/audit/", params={"action": "referral_made"}
    )
    assert code in log.text


async def test_two_of_one_name_have_two_codes(one_film: RunningSite) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")

    codes = [await kept(visitor, referrer="Grace Hopper") for _ in range(3)]

    assert codes == ["grace-hopper", "grace-hopper-2", "grace-hopper-3"]


async def test_a_wrong_link_names_its_field_and_keeps_what_was_typed(
    one_film: RunningSite,
) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    typed = {**WORDS, "referrer": " ", "content": "left column"}

    for answer in (
        await visitor.get(f"/admin/marketing/{LONG}/", params=typed),
        await visitor.post(f"/admin/marketing/{LONG}", **typed),
    ):
        assert answer.status_code == 400
        assert "Write who brings people here." in answer.text
        assert 'value="left column"' in answer.text
        assert "required aria-invalid=true" in answer.text


async def test_a_code_is_changed_retired_and_taken_back(one_film: RunningSite) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    code = await kept(visitor, referrer="Mary Jackson")
    path = f"/admin/marketing/{LONG}/{code}"

    changed = await visitor.post(
        f"{path}/change", **{**WORDS, "referrer": "Mary J.", "language": "es"}
    )
    retired = await visitor.post(f"{path}/retire", do="retire")
    again = await visitor.post(f"{path}/retire", do="retire")
    page = await visitor.get(f"{path}/")
    back = await visitor.post(f"{path}/retire", do="restore")

    assert changed.headers["location"].endswith("done=code-changed")
    assert {retired.status_code, again.status_code, back.status_code} == {303}
    for said in ("Mary J.", "/es/campaigns/long-take/?", f"ref={code}", "Take it back into use"):
        assert said in page.text
    log = await visitor.get("/admin/audit/", params={"action": "referral_retired", "words": code})
    assert log.text.count(f'data-label="About">{code}') == 1


async def test_a_code_is_no_other_campaigns(one_film: RunningSite) -> None:
    code = await kept(await signed_in(one_film, "ada@pool.example"), referrer="Only Here")
    visitor = await signed_in(one_film, "theirs@pool.example", **THEIRS)

    assert (await visitor.get(f"/admin/marketing/another-film/{code}/")).status_code == 403
    assert (await visitor.get(f"/admin/marketing/{LONG}/nobody/")).status_code == 404


async def test_a_drawing_is_a_file_in_both_kinds(one_film: RunningSite) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    code = await kept(visitor, referrer="Poster")
    path = f"/admin/marketing/{LONG}/{code}/qr"

    svg = await visitor.get(path, params={"type": "svg"})
    png = await visitor.get(path, params={"type": "png"})

    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert svg.content.startswith(b"<?xml")
    assert png.content.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", png.content[16:24])
    assert width == height >= 500
    assert f'filename="{LONG}-{code}.png"' in png.headers["content-disposition"]


async def test_the_window_for_other_pages_is_shown_with_what_is_pasted(
    one_film: RunningSite,
) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")

    page = await visitor.get(f"/admin/marketing/{LONG}/embed/", params={"layout": "compact"})

    assert "layout=compact" in page.text
    assert "&lt;iframe" in page.text
    assert "frame-src 'self';" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("name", "number", "code"),
    [
        ("Ada Lovelace", 1, "ada-lovelace"),
        ("Ada Lovelace", 12, "ada-lovelace-12"),
        ("Søren Müller & Söhne", 1, "sren-muller-sohne"),
        ("愛", 1, "link"),
        ("embed", 1, "link"),
        ("x" * 90, 1, "x" * CODE_MAX),
        ("x" * 90, 2, "x" * (CODE_MAX - 2) + "-2"),
        ("--- ", 1, "link"),
    ],
)
def test_a_code_is_a_word_that_fits_an_address(name: str, number: int, code: str) -> None:
    assert code_of(name, number) == code
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code)


def test_a_links_words_come_back_from_its_address() -> None:
    words = LinkWords(referrer="A&B", source="news letter", content="50% & more", language="es")

    address = urlsplit(link_of("https://pool.example", LONG, "a-b", words))

    assert address.path == "/es/campaigns/long-take/"
    assert parse_qs(address.query) == {
        "utm_source": ["news letter"],
        "utm_campaign": [LONG],
        "utm_content": ["50% & more"],
        "ref": ["a-b"],
    }


def test_what_is_too_long_is_refused_by_its_name() -> None:
    with pytest.raises(InputRefused) as refused:
        read_link_words({"referrer": "x" * 81, "source": "y" * 61})

    assert set(refused.value.fields) == {"referrer", "source"}


def test_a_drawing_for_a_page_has_no_style_and_no_script() -> None:
    drawing = str(drawn_inline("https://pool.example/?ref=<script>"))

    assert drawing.startswith("<svg")
    for forbidden in ("style", "script", "on"):
        assert f"<{forbidden}" not in drawing
        assert f" {forbidden}=" not in drawing
    assert drawn("https://pool.example/", "svg") != drawn("https://pool.example/x", "svg")
