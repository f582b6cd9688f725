"""A page of another origin under a strict content policy, as ours is, that mounts the element."""

from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import FrameLocator, Page, expect

# What a strict page lets in: the script, its frames, and nothing else of the sandbox.
PAGE = """<!doctype html>
<html lang="{locale}"><head><meta charset="utf-8"><title>Shop</title>
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; script-src 'self' {sandbox}; frame-src {sandbox}">
</head><body>
<div id="payment"></div><button id="confirm">Pledge</button><pre id="result"></pre>
<script src="{sandbox}/stripe.js"></script>
<script src="/shop.js"></script>
</body></html>"""

SCRIPT = """
const [clientSecret, locale] = location.hash.slice(1).split("|");
const show = (value) => {
  document.querySelector("#result").textContent = JSON.stringify(value);
};
const stripe = Stripe("pk_test_x", { locale });
window.stripe = stripe;
if (clientSecret.startsWith("cs_")) {
  const checkout = stripe.initCheckoutElementsSdk({
    clientSecret,
    elementsOptions: { appearance: { variables: { colorPrimary: "#0a5a69" } } },
  });
  window.checkout = checkout;
  const element = checkout.createPaymentElement();
  window.changes = [];
  element.on("change", (event) => window.changes.push(event));
  element.on("ready", async () => {
    const loaded = await checkout.loadActions();
    window.actions = loaded.actions;
    show(loaded.type === "success" ? loaded.actions.getSession() : loaded);
  });
  element.mount("#payment");
  document.querySelector("#confirm").addEventListener("click", async () => {
    show("…");
    show(await window.actions.confirm({ redirect: "if_required", email: "ana@example.org" }));
  });
}
"""


@dataclass
class Shop:
    """A page of its own origin, and what the browser asked that origin for."""

    base: str
    page: Page
    asked: list[str] = field(default_factory=list)

    async def open(self, client_secret: str, locale: str = "en") -> None:
        await self.page.goto(f"{self.base}/?l={locale}#{client_secret}|{locale}")

    @property
    def card(self) -> FrameLocator:
        return self.page.frame_locator("#payment iframe")

    @property
    def bank(self) -> FrameLocator:
        return self.page.frame_locator("[role=dialog] iframe")

    async def type_card(self, number: str, labels: tuple[str, str, str] | None = None) -> None:
        for label, text in zip(
            labels or ("Card number", "Expiration date", "Security code"),
            (number, "1234", "123"),
            strict=True,
        ):
            await self.card.get_by_label(label).fill(text)

    async def confirm(self) -> None:
        await self.page.click("#confirm")

    async def result(self, part: str) -> Any:
        """Return what the script shows once it contains `part`."""
        await expect(self.page.locator("#result")).to_contain_text(part)
        return await self.page.evaluate("JSON.parse(document.querySelector('#result').textContent)")
