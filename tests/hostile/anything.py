"""How much of everything the property tests try, and the odd things they are made of."""

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# A quick look by default; the deep one is POOL_EXAMPLES=2000.
EXAMPLES = int(os.environ.get("POOL_EXAMPLES", "150"))


def _settings(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


tried = _settings(EXAMPLES)
# For one of many shapes that share a codec.
tried_together = _settings(max(20, EXAMPLES // 10))

# Half surrogates too: JSON can spell them, and no UTF-8 text can hold them.
TEXTS = st.text(st.characters(), max_size=80)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
ODD = st.sampled_from(
    (
        *(None, True, 0, -1, 2**63, 10**30, 1e308, "", "\x00", "\ud83d", [], {}, [[]], "NaN"),
        *("a" * 300, "<script>alert(1)</script>", "../../etc/passwd", "' OR 1=1 --", "1e400"),
    )
)


@st.composite
def mutated(draw: st.DrawFn, raw: bytes) -> bytes:
    """Return bytes with a few places cut out, doubled, or replaced."""
    out = bytearray(raw)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(out)))
        end = min(len(out), at + draw(st.integers(0, 12)))
        kind = draw(st.sampled_from(("cut", "double", "bytes", "sign")))
        if kind == "cut":
            del out[at:end]
        elif kind == "double":
            out[at:at] = out[at:end] * draw(st.integers(1, 3))
        elif kind == "bytes":
            out[at:end] = draw(st.binary(max_size=8))
        else:
            out[at:at] = draw(
                st.sampled_from(list(b'{}[]":,-&*!|>%@`#\n\t \\')),
            ).to_bytes()
    return bytes(out)


@st.composite
def altered(draw: st.DrawFn, document: object) -> object:
    """Return a JSON document with one value somewhere in it replaced, or left out."""
    if isinstance(document, dict) and document and draw(st.integers(0, 4)):
        name = draw(st.sampled_from(sorted(document)))
        if not draw(st.integers(0, 5)):
            return {key: each for key, each in document.items() if key != name}
        return {**document, name: draw(altered(document[name]))}
    if isinstance(document, list) and document and draw(st.integers(0, 4)):
        at = draw(st.integers(0, len(document) - 1))
        return [*document[:at], draw(altered(document[at])), *document[at + 1 :]]
    return draw(ODD | JSON)
