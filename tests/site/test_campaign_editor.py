"""The editor of campaigns over HTTP: fields saved, rows moved, texts published and compared."""

import re
import time

import msgspec
import pytest

from tests.site.admins import MARK, Visitor, fields_in, signed_in
from tests.site.hearing import Run
from tests.site.running import Behind, RunningSite, eventually
from tests.site.samples import campaign

EDIT = "/admin/campaigns/long-take/edit"
THEIRS = {"role": "campaign", "campaigns": ["long-take"]}


@pytest.fixture
async def ada(live_site: RunningSite) -> Visitor:
    return await signed_in(live_site, "ada@pool.example")


async def opened(visitor: Visitor, name: str) -> dict[str, str]:
    page = await visitor.get(f"{EDIT}/{name}/")
    assert page.status_code == 200, page.text
    return fields_in(page.text)


async def publish(visitor: Visitor, **form: str) -> None:
    page = await visitor.get("/admin/campaigns/long-take/")
    mark = dict(MARK.findall(page.text))
    done = await visitor.post("/admin/campaigns/long-take/publish", **mark, **form)
    assert done.headers["location"].endswith("?done=published"), done.text


async def test_a_price_is_changed_saved_and_published(live_site: RunningSite, ada: Visitor) -> None:
    form = await opened(ada, "tiers")

    saved = await ada.post(f"{EDIT}/tiers", **{**form, "tiers[0].price": "23.50"})

    assert saved.headers["location"] == f"{EDIT}/tiers/?done=saved"
    before = await live_site.http.get("/campaigns/long-take/")
    assert "23.50" not in before.text
    await publish(ada, message="A frame costs more")
    after = await live_site.http.get("/campaigns/long-take/")
    assert "23.50" in after.text
    history = await ada.get("/admin/campaigns/long-take/")
    assert "A frame costs more" in history.text


async def test_a_form_that_says_nothing_new_changes_nothing(ada: Visitor) -> None:
    for name in ("settings", "content", "tiers", "add-ons", "goals", "diary", "decisions"):
        form = await opened(ada, name)

        saved = await ada.post(f"{EDIT}/{name}", **form)

        assert saved.status_code == 303
    page = await ada.get("/admin/campaigns/long-take/")
    assert "Everything saved is public." in page.text


async def test_what_is_wrong_is_kept_named_and_not_published(ada: Visitor) -> None:
    form = await opened(ada, "tiers")

    await ada.post(f"{EDIT}/tiers", **{**form, "tiers[0].price": "twenty <b>"})

    page = await ada.get(f"{EDIT}/tiers/")
    assert 'value="twenty &lt;b&gt;"' in page.text
    assert "Write an amount of dollars such as 25 or 19.99." in page.text
    mark = dict(MARK.findall(page.text))
    refused = await ada.post("/admin/campaigns/long-take/publish", **mark)
    assert refused.status_code == 400
    assert f"{EDIT}/tiers/#f-tiers-0-price" in refused.text


async def test_rows_are_added_moved_and_taken_away_without_scripts(ada: Visitor) -> None:
    form = await opened(ada, "tiers")
    names = [form["tiers[0].name"], form["tiers[1].name"]]

    added = await ada.post(f"{EDIT}/tiers", **form, do="add|tiers")
    assert added.headers["location"] == f"{EDIT}/tiers/#f-tiers-2"
    form = await opened(ada, "tiers")
    await ada.post(f"{EDIT}/tiers", **{**form, "tiers[2].name": "Día uno", "tiers[2].price": "5"})
    form = await opened(ada, "tiers")
    moved = await ada.post(f"{EDIT}/tiers", **form, do="up|tiers[2]")
    assert moved.headers["location"] == f"{EDIT}/tiers/#f-tiers-1"
    form = await opened(ada, "tiers")
    assert [form[f"tiers[{at}].name"] for at in range(3)] == [names[0], "Día uno", names[1]]
    page = await ada.get(f"{EDIT}/tiers/")
    assert "<code>dia-uno</code>" in page.text
    gone = await ada.post(f"{EDIT}/tiers", **form, do="remove|tiers[1]")
    assert gone.headers["location"] == f"{EDIT}/tiers/#f-tiers-1"
    form = await opened(ada, "tiers")
    assert "tiers[2].name" not in form
    overview = await ada.get("/admin/campaigns/long-take/")
    assert "Everything saved is public." in overview.text


async def test_blocks_in_a_diary_entry_are_edited_in_place(
    live_site: RunningSite, ada: Visitor
) -> None:
    form = await opened(ada, "diary")
    await ada.post(f"{EDIT}/diary", **form, do="add|diary")
    form = await opened(ada, "diary")
    at = sum(re.fullmatch(r"diary\[\d+\]", name) is not None for name in form) - 1
    await ada.post(f"{EDIT}/diary", **form, do=f"add|diary[{at}].content|text")
    form = await opened(ada, "diary")
    form[f"diary[{at}].title"] = "Rain"
    form[f"diary[{at}].date"] = "2026-01-02 19:30"
    form[f"diary[{at}].content[0].body"] = "It **rained**.\r\n\r\nAll day."

    await ada.post(f"{EDIT}/diary", **form)
    await publish(ada)

    page = await live_site.http.get("/campaigns/long-take/")
    assert "It <strong>rained</strong>." in page.text


async def test_two_editors_are_shown_both_texts_and_nothing_typed_is_lost(
    live_site: RunningSite, ada: Visitor
) -> None:
    bea = await signed_in(live_site, "bea@pool.example", **THEIRS)
    hers, mine = await opened(bea, "tiers"), await opened(ada, "tiers")
    await bea.post(f"{EDIT}/tiers", **{**hers, "tiers[0].price": "31"})

    refused = await ada.post(f"{EDIT}/tiers", **{**mine, "tiers[0].price": "32"})

    assert refused.status_code == 409
    for said in ("price: 31", "price: 32", 'value="32"', "Saved by somebody else"):
        assert said in refused.text
    again = fields_in(refused.text)
    assert (await ada.post(f"{EDIT}/tiers", **again)).status_code == 303
    assert (await opened(bea, "tiers"))["tiers[0].price"] == "32"


async def test_what_saves_itself_tells_its_script_and_stops_when_overtaken(ada: Visitor) -> None:
    form = await opened(ada, "settings")
    form["short_blurb"] = "New."
    path = "/admin/campaigns/long-take/autosave/settings"

    first = await ada.post(path, **form)
    second = await ada.post(path, **{**form, "short_blurb": "Newer."})

    assert first.status_code == 200
    assert first.json()["revision"] == 1
    assert second.status_code == 409
    assert "Somebody else has saved" in second.json()["message"]


async def test_an_id_waits_until_the_name_is_typed(ada: Visitor) -> None:
    await ada.post(f"{EDIT}/tiers", **await opened(ada, "tiers"), do="add|tiers")
    form = await opened(ada, "tiers")
    form["tiers[2].name"], path = "A fr", "/admin/campaigns/long-take/autosave/tiers"

    half = await ada.post(path, **form, typing="tiers[2].name")

    assert "<code>a-fr</code>" not in (await ada.get(f"{EDIT}/tiers/")).text
    form |= {name: str(half.json()[name]) for name in ("revision", "base")}
    await ada.post(path, **{**form, "tiers[2].name": "A frigate"}, typing="tiers[2].price")
    assert "<code>a-frigate</code>" in (await ada.get(f"{EDIT}/tiers/")).text


async def test_nobody_overtakes_themselves(ada: Visitor) -> None:
    form = await opened(ada, "settings") | {"short_blurb": "New."}
    path = "/admin/campaigns/long-take/autosave/settings"
    first = await ada.post(path, **form)

    # The answer was lost, or the button pressed while it was on its way.
    again = await ada.post(path, **form)
    pressed = await ada.post(f"{EDIT}/settings", **form)

    assert again.json() == first.json()
    assert pressed.headers["location"] == f"{EDIT}/settings/?done=saved"


async def test_an_editor_left_open_goes_on_after_its_text_was_published(ada: Visitor) -> None:
    form = await opened(ada, "settings") | {"short_blurb": "New."}
    path = "/admin/campaigns/long-take/autosave/settings"
    form |= {name: str(value) for name, value in (await ada.post(path, **form)).json().items()}
    mark = dict(MARK.findall((await ada.get("/admin/campaigns/long-take/")).text))
    presses = [await ada.post("/admin/campaigns/long-take/publish", **mark) for _ in range(2)]

    later = await ada.post(path, **{**form, "short_blurb": "Newer."})

    assert [each.headers["location"][-15:] for each in presses] == ["?done=published"] * 2
    assert later.status_code == 200
    assert (await opened(ada, "settings"))["short_blurb"] == "Newer."
    await publish(ada)
    history = await ada.get("/admin/campaigns/long-take/")
    assert len(set(re.findall(r"long-take/texts/(\d+)/", history.text))) == 3


async def test_a_mistake_is_named_as_its_reader_sees_the_field(ada: Visitor) -> None:
    form = await opened(ada, "tiers")

    await ada.post(f"{EDIT}/tiers", **{**form, "tiers[1].price": "much"})

    page = (await ada.get(f"{EDIT}/tiers/")).text
    assert re.search(r'#f-tiers-1-price">Tier 2 · Price[^<]*</a>', page)


async def test_what_supporters_pledged_to_cannot_be_typed_over(ada: Visitor) -> None:
    form = await opened(ada, "settings")
    assert "goal_amount" not in form

    await ada.post(f"{EDIT}/settings", **form, goal_amount="1")

    page = await ada.get("/admin/campaigns/long-take/")
    assert "Everything saved is public." in page.text


async def test_a_campaign_is_begun_published_and_archived(
    live_site: RunningSite, ada: Visitor
) -> None:
    begun = await ada.post("/admin/campaigns", title="Night Ferry: two")
    assert (
        begun.headers["location"] == "/admin/campaigns/night-ferry-two/edit/settings/?done=created"
    )
    assert (await live_site.http.get("/campaigns/night-ferry-two/")).status_code == 404
    edit = "/admin/campaigns/night-ferry-two/edit/settings"
    form = fields_in((await ada.get(f"{edit}/")).text)
    await ada.post(edit, **{**form, "goal_amount": "1200"})
    overview = "/admin/campaigns/night-ferry-two/"
    mark = dict(MARK.findall((await ada.get(overview)).text))

    await ada.post(f"{overview}publish", **mark)

    assert (await live_site.http.get("/campaigns/night-ferry-two/")).status_code == 200
    mark = dict(MARK.findall((await ada.get(overview)).text))
    archived = await ada.post(f"{overview}archive", **mark)
    assert archived.headers["location"].endswith("?done=archived")
    assert (await live_site.http.get("/campaigns/night-ferry-two/")).status_code == 404


async def test_a_live_campaign_is_not_archived(ada: Visitor) -> None:
    mark = dict(MARK.findall((await ada.get("/admin/campaigns/long-take/")).text))

    refused = await ada.post("/admin/campaigns/long-take/archive", **mark)

    assert refused.status_code == 400
    assert "A live campaign can’t be archived." in refused.text


async def test_an_old_version_is_compared_and_published_again(
    live_site: RunningSite, ada: Visitor
) -> None:
    form = await opened(ada, "tiers")
    await ada.post(f"{EDIT}/tiers", **{**form, "tiers[0].price": "23.50"})
    await publish(ada)
    page = await ada.get("/admin/campaigns/long-take/")
    newest, first = re.findall(r"campaigns/long-take/texts/(\d+)/", page.text)
    shown = await ada.get(f"/admin/campaigns/long-take/texts/{newest}/")
    assert "<ins>    price: 23.50</ins>" in shown.text
    old = await ada.get(f"/admin/campaigns/long-take/texts/{first}/")

    mark = dict(MARK.findall(old.text))
    done = await ada.post(f"/admin/campaigns/long-take/texts/{first}", **mark)

    assert done.headers["location"].endswith("?done=restored")
    assert "23.50" not in (await live_site.http.get("/campaigns/long-take/")).text


async def test_a_campaign_user_sees_and_changes_theirs_alone(
    live_site: RunningSite, ada: Visitor
) -> None:
    (live_site.content / "other.md").write_text(campaign("other"))
    await live_site.publish()
    bea = await signed_in(live_site, "bea@pool.example", **THEIRS)

    page = await bea.get("/admin/campaigns/")

    assert "campaigns/long-take/" in page.text
    assert "campaigns/other/" not in page.text
    assert (await bea.get("/admin/campaigns/other/edit/tiers/")).status_code == 403
    assert (await bea.post("/admin/campaigns", title="Mine")).status_code == 403


async def test_what_was_pasted_loses_signs_that_nobody_types(ada: Visitor) -> None:
    form = await opened(ada, "settings")

    await ada.post(f"{EDIT}/settings", **{**form, "short_blurb": "One\x0b \x00two"})

    assert (await opened(ada, "settings"))["short_blurb"] == "One two"


async def test_how_a_text_looks_is_made_safe(ada: Visitor) -> None:
    page = await ada.post("/admin/campaigns/long-take/show", text="**b** <script>x</script>")

    assert "<strong>b</strong>" in page.text
    assert "<script>" not in page.text


async def test_a_link_shows_the_working_copy_inert_and_to_nobody_else(
    live_site: RunningSite, ada: Visitor
) -> None:
    form = await opened(ada, "settings")
    await ada.post(f"{EDIT}/settings", **{**form, "title": "The Longer Take"})

    page = await ada.post("/admin/campaigns/long-take/preview")

    found = re.search(r'href="(/campaigns/long-take/preview/\?t=[\w-]{43})"', page.text)
    assert found, page.text
    shown = await live_site.http.get(found[1])
    assert "The Longer Take" in shown.text
    assert "A preview: this is not public" in shown.text
    policy = shown.headers["content-security-policy"]
    assert "form-action 'none'" in policy
    assert "script-src 'none'" in policy
    assert shown.headers["cache-control"] == "private, no-store"
    assert "The Longer Take" in (await live_site.http.get(f"/es{found[1]}")).text
    for wrong in (found[1][:-1] + "!", "/campaigns/other/preview/?t=" + found[1][-43:]):
        assert (await live_site.http.get(wrong)).status_code == 401
    assert "The Longer Take" not in (await live_site.http.get("/campaigns/long-take/")).text


async def test_a_copy_with_mistakes_has_no_page_to_show(ada: Visitor) -> None:
    form = await opened(ada, "tiers")
    await ada.post(f"{EDIT}/tiers", **{**form, "tiers[0].price": "much"})

    page = await ada.post("/admin/campaigns/long-take/preview")

    assert page.status_code == 400
    assert "Write an amount of dollars" in page.text


async def test_stock_is_changed_at_checkout_and_written_down(
    live_site: RunningSite, services: Behind, ada: Visitor
) -> None:
    services.answer = b'{"success":true}'
    page = await ada.get("/admin/campaigns/long-take/stock/")
    assert "A frame" in page.text

    done = await ada.post(
        "/admin/campaigns/long-take/stock", goods="frame", action="set", quantity="12"
    )

    assert done.headers["location"].endswith("?done=stocked")
    assert services.heard[-1].target == "/admin/inventory"
    sent = msgspec.json.decode(services.heard[-1].body)
    assert sent == {
        "action": "set",
        "campaignSlug": "long-take",
        "by": "ada@pool.example",
        "tierId": "frame",
        "quantity": 12,
    }
    log = await ada.get("/admin/audit/", params={"action": "stock_changed"})
    assert "Changed stock by hand" in log.text


@pytest.mark.parametrize(
    "form",
    [
        {"goods": "nothing", "action": "set", "quantity": "1"},
        {"goods": "frame", "action": "burn", "quantity": "1"},
        {"goods": "frame", "action": "set", "quantity": "-1"},
        {"goods": "frame", "action": "set", "quantity": "many"},
    ],
    ids=str,
)
async def test_what_is_no_stock_is_refused(
    services: Behind, ada: Visitor, form: dict[str, str]
) -> None:
    refused = await ada.post("/admin/campaigns/long-take/stock", **form)

    assert refused.status_code == 400
    assert "/admin/inventory" not in [each.target for each in services.heard]


async def test_a_publish_is_seen_by_another_process_within_seconds(
    run: Run, nats_url: str, redis_url: str
) -> None:
    async with (
        run(nats_url=nats_url, redis_url=redis_url) as first,
        run(nats_url=nats_url, redis_url=redis_url) as second,
    ):
        visitor = await signed_in(first, "ada@pool.example")
        form = await opened(visitor, "settings")
        await visitor.post(f"{EDIT}/settings", **{**form, "title": "The Longer Take"})
        began = time.monotonic()

        await publish(visitor)

        async def is_there() -> bool:
            return "The Longer Take" in (await second.http.get("/campaigns/long-take/")).text

        await eventually(is_there, seconds=5)
        seconds = time.monotonic() - began
        assert seconds < 5, f"{seconds:.2f} s"
