"""A window with a trap: it notes what ran, whom a page asked, and what became markup."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request

TRAPS = """
for (const name of ["alert", "confirm", "prompt", "print", "trap"]) {
  window[name] = () => window.caught(`${name} on ${location.pathname}`);
}
"""
# What only a text that became markup could have put there.
STRANGE = """
() => {
  const told = [];
  const never = ["base", "object", "embed", "marquee", "template", "style"];
  const runs = (address) => /^\\s*(javascript|vbscript|data:text)/i.test(address ?? "");
  for (const element of document.querySelectorAll("*")) {
    const tag = element.tagName.toLowerCase();
    for (const { name, value } of element.attributes) {
      const isAddress = ["href", "src", "action", "formaction", "data", "srcdoc"].includes(name);
      if (name.startsWith("on") || name === "style" || (isAddress && runs(value))) {
        told.push(`<${tag} ${name}=${value}>`);
      }
    }
    const isOurs = element.type === "application/json" || element.type === "application/ld+json";
    if (tag === "script" && !element.src && !isOurs) told.push(`<script>${element.textContent}`);
    if (never.includes(tag)) told.push(`<${tag}>`);
    if (tag === "iframe" && !/^https?:/.test(element.src)) told.push(`<iframe ${element.src}>`);
  }
  if (!document.querySelector("footer.footer")) told.push("the page does not end as it should");
  return told;
}
"""


@dataclass
class Trap:
    """One window, and what was caught in it."""

    page: Page
    caught: list[str] = field(default_factory=list)
    looked: int = 0

    def look(self, what: str) -> None:
        """Look at the page as it is now."""
        self.looked += 1
        self.caught += [f"{what}: {each}" for each in self.page.evaluate(STRANGE)]

    def send(self, path: str, pairs: Sequence[tuple[str, str]]) -> None:
        """Send a form from a page of the site, as a person's browser would."""
        if self.page.url == BLANK:
            self.page.goto("/about/")
        with self.page.expect_navigation():
            self.page.evaluate(SEND, [path, list(map(list, pairs))])


BLANK = "about:blank"
SEND = """
([path, pairs]) => {
  const form = Object.assign(document.createElement("form"), { method: "post", action: path });
  for (const [name, value] of pairs) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  document.body.append(form);
  HTMLFormElement.prototype.submit.call(form);
}
"""


@contextmanager
def set_in(browser: Browser, site: str, sandbox: str) -> Iterator[Trap]:
    """Open a window with a trap for a while. It does not heed our policy."""
    context = browser.new_context(base_url=site, bypass_csp=True, reduced_motion="reduce")
    caught: list[str] = []
    context.expose_binding("caught", lambda _, said: caught.append(said))
    context.add_init_script(TRAPS)
    page = context.new_page()
    known = {urlsplit(site).netloc, urlsplit(sandbox).netloc, ""}

    def asked(request: Request) -> None:
        if urlsplit(request.url).netloc not in known:
            caught.append(f"{request.url} was asked")

    page.on("request", asked)
    # Pictures and letters say nothing here, and take most of the time.
    context.route(
        "**/*",
        lambda route: (
            route.abort() if route.request.resource_type in ("font", "media") else route.continue_()
        ),
    )
    yield Trap(page, caught)
    context.close()
