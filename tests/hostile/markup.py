"""Reads a page as a browser would: what it runs, and whom it asks."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

DATA_TYPES = ("application/json", "application/ld+json")
LOADING = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "iframe": ("src", "srcdoc"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "link": ("href",),
    "form": ("action",),
    "object": ("data",),
    "embed": ("src",),
}
# A link that only names a place loads nothing.
NAMING = ("alternate", "canonical", "author", "license", "me")


class Page(HTMLParser):
    """What of a page a policy is about."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.inline: list[str] = []
        self.origins: set[str] = set()
        self._is_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what runs here, and every foreign origin that is asked for something."""
        given = {name: value or "" for name, value in attrs}
        is_data = given.get("type", "") in DATA_TYPES
        self._is_script = tag == "script" and "src" not in given and not is_data
        if tag in ("style", "base"):
            self.inline.append(f"<{tag}>")
        for name, value in given.items():
            is_address = name in ("href", "src", "action", "formaction")
            runs = is_address and value.strip().lower().startswith(("javascript:", "data:text"))
            if name == "style" or name.startswith("on") or runs:
                self.inline.append(f"<{tag} {name}={value[:60]!r}>")
        if tag == "link" and given.get("rel") in NAMING:
            return
        for name in LOADING.get(tag, ()):
            for address in given.get(name, "").split(","):
                parts = urlsplit(address.strip().split(" ")[0])
                if parts.netloc:
                    self.origins.add(f"{parts.scheme}://{parts.netloc}")

    def handle_data(self, data: str) -> None:
        """Note a script that stands in the page itself."""
        if self._is_script and data.strip():
            self.inline.append(f"<script>{data.strip()[:60]}")
