"""Bodies: strict, bounded, and every fault a 400 or 415 that names what was wrong."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.refusals import InputRefused, Refusal
from services.chassis.web.body import NESTING_MAX, WrongType, decode, require_json
from tests.chassis.toy import Said

GOOD = b'{"whatIsSaid": "hello"}'


def test_a_good_body_is_the_routes_own_type() -> None:
    said = decode(b'{"whatIsSaid": "hello\\n\\tworld", "howOften": 2}', Said)

    assert said == Said(what_is_said="hello\n\tworld", how_often=2)


@pytest.mark.parametrize(
    ("raw", "reason", "field"),
    [
        pytest.param(b"", "invalid_json", None, id="nothing"),
        pytest.param(b"{", "invalid_json", None, id="half"),
        pytest.param(b"[]", "invalid_input", None, id="another shape"),
        pytest.param(b"{}", "invalid_input", "whatIsSaid", id="a missing field"),
        pytest.param(b'{"whatIsSaid": 7}', "invalid_input", "whatIsSaid", id="a wrong type"),
        pytest.param(
            b'{"whatIsSaid": "x", "howOften": "7"}', "invalid_input", "howOften", id="7 as text"
        ),
        pytest.param(
            b'{"whatIsSaid": "x", "howOften": 1.5}', "invalid_input", "howOften", id="a fraction"
        ),
        pytest.param(
            b'{"whatIsSaid": "x", "howOften": 1001}', "invalid_input", "howOften", id="too many"
        ),
        pytest.param(
            b'{"whatIsSaid": "x", "howOften": 1e400}', "invalid_input", "howOften", id="no number"
        ),
        pytest.param(
            b'{"whatIsSaid": "x", "howoften": 1}', "invalid_input", "howoften", id="unknown field"
        ),
        pytest.param(
            b'{"whatIsSaid": "' + b"x" * 41 + b'"}', "invalid_input", "whatIsSaid", id="too long"
        ),
        pytest.param(
            b'{"whatIsSaid": "a\\u0000b"}', "invalid_input", "whatIsSaid", id="a null character"
        ),
        pytest.param(
            b'{"whatIsSaid": "a\\r\\nBcc: x"}', "invalid_input", "whatIsSaid", id="a mail header"
        ),
        pytest.param(
            b'{"whatIsSaid": "x", "tags": {"a\\u0007": []}}', "invalid_input", "tags", id="in a key"
        ),
        pytest.param(
            b'{"whatIsSaid": "x", "tags": {"a": ["\\u001b"]}}', "invalid_input", "a", id="deep"
        ),
        pytest.param(b'{"whatIsSaid": "\xff"}', "invalid_json", None, id="no UTF-8"),
        pytest.param(b'{"whatIsSaid": "\\ud800"}', "invalid_json", None, id="half a character"),
        pytest.param(
            b"[" * (NESTING_MAX + 1) + b"]" * (NESTING_MAX + 1), "invalid_json", None, id="nested"
        ),
        pytest.param(b'{"a":' * 50_000, "invalid_json", None, id="very deeply nested"),
        pytest.param(b"\xef\xbb\xbf{}", "invalid_json", None, id="a byte order mark"),
    ],
)
def test_a_bad_body_is_refused_and_what_is_wrong_is_named(
    raw: bytes, reason: str, field: str | None
) -> None:
    with pytest.raises(InputRefused) as caught:
        decode(raw, Said)

    assert caught.value.reason == reason
    assert field is None or field in caught.value.fields


def test_brackets_inside_text_do_not_count_as_nesting() -> None:
    text = "[{" * 15 + '\\"['

    assert decode(f'{{"whatIsSaid": "{text}"}}'.encode(), Said).what_is_said.startswith("[{[{")


@pytest.mark.parametrize(
    ("content_type", "encoding", "is_accepted"),
    [
        pytest.param("application/json", None, True, id="JSON"),
        pytest.param("Application/JSON; charset=UTF-8", None, True, id="with its charset"),
        pytest.param("application/json", "identity", True, id="said to be plain"),
        pytest.param("", None, False, id="nothing said"),
        pytest.param("text/plain", None, False, id="what a form may send"),
        pytest.param("application/x-www-form-urlencoded", None, False, id="a form"),
        pytest.param("application/json; charset=utf-16", None, False, id="another charset"),
        pytest.param("application/jsonp", None, False, id="something like it"),
        pytest.param("application/json", "gzip", False, id="compressed"),
    ],
)
def test_only_plain_json_is_taken(
    content_type: str, encoding: str | None, is_accepted: bool
) -> None:
    if is_accepted:
        require_json(content_type, encoding)
        return
    with pytest.raises(WrongType) as caught:
        require_json(content_type, encoding)

    assert caught.value.status == 415


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.binary(max_size=200) | JSON.map(msgspec.json.encode))
def test_whatever_comes_it_is_a_value_or_a_refusal(raw: bytes) -> None:
    outcome = _outcome(raw)

    assert isinstance(outcome, Said) or outcome in (400, 415)


def _outcome(raw: bytes) -> Any:
    try:
        return decode(raw, Said)
    except Refusal as refusal:
        return refusal.status
