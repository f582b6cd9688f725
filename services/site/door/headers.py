"""The headers every answer carries, and the content security policy of each kind of page.

Source: reliability 5.1 (S-1 … S-5). A page names the few foreign origins it needs; an
answer that names nothing gets the policy that allows nothing.
"""

from litestar.types import Message, Scope

from services.chassis.process import telemetry
from services.chassis.web.protocol import HSTS, SAFE_HEADERS
from services.site.door.admission import origin_of

MEDIA = "sandbox; default-src 'none'; frame-ancestors 'none'"
STRIPE_SCRIPTS = ("https://js.stripe.com", "https://*.js.stripe.com")
STRIPE_FRAMES = (*STRIPE_SCRIPTS, "https://hooks.stripe.com", "https://checkout.stripe.com")
CHALLENGE = ("https://challenges.cloudflare.com",)
STRIPE_CALLS = ("https://api.stripe.com", "https://*.stripe.com")


class Policy:
    """Builds the policies of one deployment."""

    def __init__(self, *, site_base: str, stripe_js_url: str, has_challenge: bool = False) -> None:
        self._challenge = CHALLENGE if has_challenge else ()
        self._is_https = site_base.startswith("https://")
        script_origin = origin_of(stripe_js_url)
        is_theirs = script_origin in STRIPE_SCRIPTS
        # The sandbox's origin, by its setting; in production there is none.
        self._stand_in = () if is_theirs or not script_origin else (script_origin,)
        self._pages: dict[tuple[bool, bool, tuple[str, ...], tuple[str, ...]], str] = {}

    @property
    def has_stand_in(self) -> bool:
        """Tell whether the sandbox stands in for Stripe: never in production."""
        return bool(self._stand_in)

    def page(
        self,
        *,
        pays: bool,
        challenges: bool = False,
        image_origins: tuple[str, ...] = (),
        frame_origins: tuple[str, ...] = (),
    ) -> str:
        """Return the policy of a page: our own files, and Stripe where a card is entered.

        A page that `challenges` may show the challenge, if there is one; so may one that pays.
        `frame_origins` are those of players that open when a person asks for them.
        """
        key = (pays, pays or challenges, image_origins, frame_origins)
        if key not in self._pages:
            self._pages[key] = self._page(*key)
        return self._pages[key]

    def widget(self, *, image_origins: tuple[str, ...] = ()) -> str:
        """Return the policy of the one page that others may frame: our own files, and no form."""
        policy = self.page(pays=False, image_origins=image_origins)
        return policy.replace("frame-ancestors 'none'", "frame-ancestors *").replace(
            "form-action 'self'", "form-action 'none'"
        )

    def _page(
        self,
        pays: bool,
        challenges: bool,
        image_origins: tuple[str, ...],
        players: tuple[str, ...],
    ) -> str:
        challenge = self._challenge if challenges else ()
        scripts = (*STRIPE_SCRIPTS, *challenge, *self._stand_in) if pays else challenge
        stripe_frames = (*STRIPE_FRAMES, *challenge, *self._stand_in) if pays else challenge
        frames = (*stripe_frames, *players)
        calls = (*STRIPE_CALLS, *self._stand_in) if pays else ()
        stripe_images = ("https://*.stripe.com",) if pays else ()
        forms = ("https://checkout.stripe.com", *self._stand_in) if pays else ()
        rules = [
            "default-src 'none'",
            _rule("script-src", "'self'", *scripts),
            "style-src 'self'",
            _rule("img-src", "'self'", "data:", *stripe_images, *image_origins),
            "font-src 'self'",
            _rule("connect-src", "'self'", *calls),
            _rule("frame-src", *(frames or ("'none'",))),
            _rule("media-src", "'self'", *image_origins),
            "manifest-src 'self'",
            _rule("form-action", "'self'", *forms),
            "base-uri 'none'",
            "object-src 'none'",
            "frame-ancestors 'none'",
        ]
        if self._is_https:
            rules.append("upgrade-insecure-requests")
        return "; ".join(rules)

    def defaults(self) -> tuple[tuple[bytes, bytes], ...]:
        """Return what an answer carries unless it says otherwise."""
        found = dict(SAFE_HEADERS)
        if self._is_https:
            found["strict-transport-security"] = HSTS
        return tuple((name.encode(), value.encode()) for name, value in found.items())


class Dress:
    """Adds what is missing to the head of every answer, errors and redirects as well."""

    def __init__(self, policy: Policy) -> None:
        self._defaults = policy.defaults()

    async def __call__(self, message: Message, _: Scope) -> None:
        """Complete the headers of an answer that begins."""
        if message["type"] != "http.response.start":
            return
        headers = list(message.get("headers", ()))
        present = {name.lower() for name, _value in headers}
        headers += [pair for pair in self._defaults if pair[0] not in present]
        if b"x-request-id" not in present:
            # Answers of the router itself never met the layer that numbers requests.
            headers.append((b"x-request-id", telemetry.new_id().encode()))
        if b"cache-control" not in present:
            headers.append((b"cache-control", b"private, no-store"))
        message["headers"] = headers


def _rule(name: str, *sources: str) -> str:
    return " ".join((name, *sources))


def as_head(media_type: str, body: bytes) -> dict[str, str]:
    """Return what HEAD says of a body: the framework leaves it out where there is none."""
    text = "; charset=utf-8" if media_type.startswith("text/") else ""
    return {"content-type": f"{media_type}{text}", "content-length": str(len(body))}
