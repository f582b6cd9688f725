"""HTTP to our own processes, with the standard library: quick to import."""

import json
import urllib.error
import urllib.request
from http.client import HTTPResponse
from typing import Any

# A proxy of the machine must not stand between us and the loopback address.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class CallFailed(Exception):
    """The platform said no, or did not answer. `status` is 0 when there was no answer."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message or error)
        self.status = status
        self.error = error


def open_url(url: str | urllib.request.Request, timeout: float) -> HTTPResponse:
    """Open a URL of this machine. Raises what urllib raises."""
    response = _OPENER.open(url, timeout=timeout)
    assert isinstance(response, HTTPResponse)
    return response


def answers(url: str, seconds: float = 2.0) -> bool:
    """Return whether `url` answers 200."""
    try:
        with open_url(url, timeout=seconds) as response:
            return response.status == 200
    except OSError:
        return False


def call(
    method: str, url: str, *, body: Any = None, bearer: str = "", seconds: float = 30.0
) -> Any:
    """Return the JSON that a route answers. Raises `CallFailed` for anything but success."""
    headers = {"Accept": "application/json"}
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    content = None
    if body is not None:
        content = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(url, data=content, headers=headers, method=method)  # noqa: S310
    try:
        with open_url(request, timeout=seconds) as response:
            text = response.read()
    except urllib.error.HTTPError as exc:
        raise _refused(exc) from exc
    except OSError as exc:
        raise CallFailed(0, "unreachable", f"{url} does not answer: {exc}") from exc
    try:
        return json.loads(text) if text else None
    except ValueError as exc:
        raise CallFailed(0, "not_json", f"{url} answered something that is no JSON") from exc


def _refused(exc: urllib.error.HTTPError) -> CallFailed:
    try:
        body = json.load(exc)
        return CallFailed(exc.code, str(body.get("error", "")), str(body.get("message", "")))
    except (ValueError, AttributeError):
        return CallFailed(exc.code, f"http_{exc.code}", f"HTTP {exc.code} {exc.reason}")
