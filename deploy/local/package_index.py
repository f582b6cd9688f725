"""A package index as PEP 503 describes it: its settings, its page, its files.

Standard library only: this runs before anything is installed.
"""

import base64
import configparser
import hashlib
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

PYPI = "https://pypi.org/simple"
TIMEOUT_SECONDS = 60
FILE_BYTES_MAX = 200_000_000
CERTIFICATE_NAMES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class IndexFault(Exception):
    """The index does not answer, or what it gave is not what it promised."""


@dataclass(frozen=True)
class IndexSettings:
    """Where packages come from, and whom to trust on the way."""

    url: str = PYPI
    certificates: str = ""

    @property
    def is_default(self) -> bool:
        return self.url.rstrip("/") == PYPI


@dataclass(frozen=True)
class Link:
    """One file an index offers."""

    filename: str
    url: str
    sha256: str
    is_yanked: bool = False


def settings(environ: Mapping[str, str]) -> IndexSettings:
    """Return the configured index: uv's names first, then pip's, then PyPI."""
    config = _pip_config(environ)
    names = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
    url = next((environ[name] for name in names if environ.get(name)), "")
    url = url.partition("=")[2] if re.match(r"[\w-]+=", url) else url  # As uv writes it: name=URL.
    url = url or config.get("index-url", "") or PYPI
    if "://" not in url:
        url = Path(url).resolve().as_uri()
    found = next((environ[name] for name in CERTIFICATE_NAMES if environ.get(name)), "")
    return IndexSettings(url.rstrip("/"), found or config.get("cert", ""))


def links(index: IndexSettings, package: str) -> list[Link]:
    """Return every file of a package, in the page's order."""
    name = re.sub(r"[-_.]+", "-", package).lower()
    page_url = f"{index.url}/{name}/"
    with _open(index, page_url) as response:
        page = response.read(FILE_BYTES_MAX).decode("utf-8", errors="replace")
        base = getattr(response, "url", page_url)
    return parse(page, base)


def parse(page: str, base_url: str) -> list[Link]:
    """Return the links of a PEP 503 page; relative ones are seen from `base_url`."""
    parser = _Anchors()
    parser.feed(page)
    found: list[Link] = []
    for attributes in parser.anchors:
        address, fragment = urldefrag(urljoin(base_url, attributes.get("href") or ""))
        algorithm, _, digest = fragment.partition("=")
        found.append(
            Link(
                filename=unquote(urlsplit(address).path.rpartition("/")[2]),
                url=address,
                sha256=digest.lower() if algorithm == "sha256" else "",
                is_yanked="data-yanked" in attributes,
            )
        )
    return found


def download(index: IndexSettings, link: Link) -> bytes:
    """Return the file's content. Raises `IndexFault` unless its SHA-256 is as promised."""
    if not link.sha256:
        raise IndexFault(f"the index names no sha256 for {link.filename}")
    with _open(index, link.url) as response:
        content: bytes = response.read(FILE_BYTES_MAX)
    if hashlib.sha256(content).hexdigest() != link.sha256:
        raise IndexFault(f"{link.filename} is not the file the index promised (sha256 differs)")
    return content


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.anchors: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a" and any(name == "href" and value for name, value in attrs):
            self.anchors.append(dict(attrs))


def _open(index: IndexSettings, url: str) -> IO[bytes]:
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path.endswith("/"):
        url += "index.html"
    headers = {"Accept": "text/html"}
    if parts.username:
        # Python's urllib does not understand an address with a password in it.
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(secret.encode()).decode()
        url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    context = ssl.create_default_context(cafile=index.certificates or None)
    request = urllib.request.Request(url, headers=headers)  # noqa: S310
    shown = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()
    try:
        opened: IO[bytes] = urllib.request.urlopen(  # noqa: S310 - the operator's own index.
            request, timeout=TIMEOUT_SECONDS, context=context
        )
    except urllib.error.HTTPError as exc:
        exc.close()
        raise IndexFault(f"{shown} answers {exc.code} {exc.reason}") from exc
    except (urllib.error.URLError, OSError) as exc:
        raise IndexFault(f"{shown} cannot be read: {exc}") from exc
    return opened


def _pip_config(environ: Mapping[str, str]) -> dict[str, str]:
    """Return pip's own settings, the user's before the system's."""
    home = Path(environ.get("HOME") or "/nonexistent")
    user = Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    places = [Path("/etc/pip.conf"), home / ".pip" / "pip.conf", user]
    if environ.get("PIP_CONFIG_FILE"):
        places.append(Path(environ["PIP_CONFIG_FILE"]))
    reader = configparser.RawConfigParser()
    try:
        reader.read([path for path in places if path.is_file()], encoding="utf-8")
        return dict(reader["global"]) if reader.has_section("global") else {}
    except (configparser.Error, OSError, UnicodeDecodeError):
        return {}
