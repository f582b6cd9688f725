"""stripe.js in a real browser: a page of another origin saves a card and never sees it."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, async_playwright, expect

from deploy.local.browser import find
from tests.sandbox.conftest import Sandbox
from tests.sandbox.shop import PAGE, SCRIPT, Shop

pytestmark = pytest.mark.browser


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        executable = find()
        assert executable is not None, "no Chromium on this machine; ./pool test installs one"
        launched = await playwright.chromium.launch(executable_path=executable)
        yield launched
        await launched.close()


@pytest.fixture
async def shop(sandbox: Sandbox, browser: Browser) -> AsyncIterator[Shop]:
    async def serve(request: web.Request) -> web.Response:
        opened.asked.append(str(request.rel_url))
        if request.path == "/shop.js":
            return web.Response(text=SCRIPT, content_type="text/javascript")
        text = PAGE.format(sandbox=sandbox.base, locale=request.query.get("l", "en"))
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    page = await browser.new_page(viewport={"width": 360, "height": 800})
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", _complaints(problems))
    opened = Shop(f"http://127.0.0.1:{runner.addresses[0][1]}", page)
    yield opened
    await page.close()
    await runner.cleanup()
    assert problems == []


def _complaints(problems: list[str]) -> Callable[[Any], None]:
    def hear(message: Any) -> None:
        # A declined card is a 402, which browsers report as a failed request.
        is_refusal = message.text.startswith("Failed to load resource")
        if message.type in ("error", "warning") and not is_refusal:
            problems.append(message.text)

    return hear


async def test_a_card_is_saved_from_a_page_that_never_sees_it(sandbox: Sandbox, shop: Shop) -> None:
    session = await sandbox.session(customer_creation="always")
    await shop.open(session.client_secret)
    loaded = await shop.result("canConfirm")
    await shop.type_card("4000")
    number = shop.card.get_by_label("Card number")
    await number.fill("")
    await number.press_sequentially("4242424242424242")
    await expect(number).to_have_value("4242 4242 4242 4242")
    await expect(shop.card.get_by_label("Expiration date")).to_have_value("12 / 34")
    await shop.card.get_by_label("ZIP or postal code").fill("80202")
    await shop.confirm()
    done = await shop.result("complete")
    wrong = await shop.page.evaluate(
        "stripe.initCheckoutElementsSdk({ clientSecret: 'cs_test_x_secret_y' }).loadActions()"
    )
    after = await sandbox.v1.checkout.sessions.retrieve_async(
        session.id, {"expand": ["customer", "setup_intent.payment_method"]}
    )

    assert (loaded["id"], loaded["status"], loaded["email"]) == (session.id, {"type": "open"}, None)
    assert wrong["type"] == "error"
    assert done["type"] == "success"
    assert done["session"]["status"]["type"] == "complete"
    assert after.customer.email == "ana@example.org"
    assert after.setup_intent.payment_method.billing_details.address.postal_code == "80202"
    changes = await shop.page.evaluate("window.changes")
    assert changes[-1]["complete"] is True
    assert changes[-1]["elementType"] == "payment"
    assert "4242" not in await shop.page.content()
    assert shop.asked == ["/?l=en", "/shop.js"]


async def test_incomplete_and_declined_cards_are_told_and_can_be_corrected(
    sandbox: Sandbox, shop: Shop
) -> None:
    session = await sandbox.session(customer=await sandbox.customer())
    await shop.open(session.client_secret)
    await shop.result("canConfirm")
    await shop.confirm()
    incomplete = await shop.result("incomplete")
    alert = shop.card.get_by_role("alert").first
    await expect(alert).to_have_text("Your card number is incomplete.")
    await shop.type_card("4000000000000002")
    await shop.card.get_by_label("ZIP or postal code").fill("80202")
    await shop.confirm()
    declined = await shop.result("declined")
    await shop.type_card("5555555555554444")
    await shop.confirm()
    done = await shop.result("complete")

    assert incomplete["error"]["code"] is None
    assert declined["error"] == {
        "message": "Your card was declined.",
        "code": "paymentFailed",
        "paymentFailed": {"declineCode": "generic_decline"},
    }
    assert done["type"] == "success"


async def test_the_banks_question_is_failed_then_passed_in_spanish(
    sandbox: Sandbox, shop: Shop
) -> None:
    labels = ("Número de tarjeta", "Fecha de vencimiento", "Código de seguridad")
    session = await sandbox.session(customer=await sandbox.customer())
    await shop.open(session.client_secret, "es")
    await shop.result("canConfirm")
    await shop.type_card("4000002760003184", labels)
    await shop.card.get_by_label("Código postal").fill("80202")
    await shop.confirm()
    await shop.bank.get_by_role("button", name="Rechazar la autenticación").click()
    failed = await shop.result("paymentFailed")
    await shop.confirm()
    await shop.bank.get_by_role("button", name="Completar la autenticación").click()
    done = await shop.result("complete")

    assert failed["type"] == "error"
    assert done["type"] == "success"
    await expect(shop.page.locator("[role=dialog]")).to_have_count(0)


async def test_3d_secure_of_a_charge_is_passed_with_the_saved_card(
    sandbox: Sandbox, shop: Shop
) -> None:
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer, "4000002760003184")
    intent = await sandbox.intent(customer)
    await shop.open(intent.client_secret)
    await shop.page.evaluate(
        """([secret, card]) => {
             stripe.confirmCardPayment(secret, { payment_method: card }).then(show);
           }""",
        [intent.client_secret, card],
    )
    await shop.bank.get_by_role("button", name="Complete authentication").click()
    done = await shop.result("succeeded")

    assert done["paymentIntent"]["id"] == intent.id
    paid = await sandbox.v1.payment_intents.retrieve_async(intent.id)
    assert (paid.status, paid.amount_received) == ("succeeded", 5_944)


async def test_handle_next_action_shows_the_question_the_server_met(
    sandbox: Sandbox, shop: Shop
) -> None:
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer, "4000002760003184")
    intent = await sandbox.intent(customer)
    await sandbox.confirm(intent, card, off_session=False)
    await shop.open(intent.client_secret)
    await shop.page.evaluate(
        "(clientSecret) => { stripe.handleNextAction({ clientSecret }).then(show); }",
        intent.client_secret,
    )
    await shop.bank.get_by_role("button", name="Fail authentication").click()
    done = await shop.result("error")

    assert done["error"]["code"] == "payment_intent_authentication_failure"


async def test_the_hosted_page_works_without_scripts(sandbox: Sandbox, browser: Browser) -> None:
    session = await sandbox.v1.checkout.sessions.create_async(
        {
            "mode": "setup",
            "currency": "usd",
            "success_url": f"{sandbox.base}/livez?s={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{sandbox.base}/livez",
            "customer_creation": "always",
        }
    )
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(session.url)
    await page.get_by_label("Email").fill("ana@example.org")
    await page.get_by_label("Name on card").fill("Ana")
    for number in ("4000000000000002", "4000002500003155"):
        await page.get_by_label("Card number").fill(number)
        await page.get_by_label("Expiration date").fill("12 / 34")
        await page.get_by_label("Security code").fill("123")
        await page.get_by_role("button", name="Save card").click()
        if number.endswith("0002"):
            await expect(page.get_by_role("alert")).to_have_text("Your card was declined.")
    await page.get_by_role("button", name="Complete authentication").click()
    await page.wait_for_url(f"**/livez?s={session.id}")
    await page.goto(session.url)
    await expect(page.get_by_role("main")).to_contain_text("your card was saved")
    await context.close()

    done = await sandbox.v1.checkout.sessions.retrieve_async(session.id)
    assert done.status == "complete"


async def test_the_controls_work_without_scripts(sandbox: Sandbox, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(sandbox.base)
    await page.get_by_role("button", name="30 days on").click()
    await page.get_by_label("Latency").fill("5")
    await page.get_by_label("Lose webhooks").check()
    await page.get_by_label("Decline this card").select_option("4242424242424242")
    await page.get_by_label("with the code").select_option("do_not_honor")
    await page.get_by_role("button", name="Set faults").click()
    clock = (await sandbox.get("/sandbox/clock")).json
    faults = (await sandbox.get("/sandbox/faults")).json
    await page.get_by_label("Move to").fill("nonsense")
    await page.get_by_role("button", name="Move", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("ISO 8601")
    await page.get_by_role("button", name="End all faults").click()
    await context.close()

    assert clock["offsetSeconds"] == 30 * 86_400
    assert (faults["latency_ms"], faults["drop_webhooks"]) == (5, True)
    assert faults["decline"] == {"4242424242424242": "do_not_honor"}
    assert (await sandbox.get("/sandbox/faults")).json["latency_ms"] == 0
