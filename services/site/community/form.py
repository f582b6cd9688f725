"""The form of the supporters' page: what somebody does there, and the link that lets them."""

from collections.abc import Iterable
from typing import Literal, get_args

import msgspec

from contracts.magic_link import TOKEN_LENGTH_MAX

Deed = Literal["view", "vote", "credit"]
TEXT_LENGTH_MAX = 500


class CommunityForm(msgspec.Struct, frozen=True, kw_only=True):
    """A form as it was sent; without a deed it only wants to see."""

    token: str = ""
    deed: Deed = "view"
    decision: str = ""
    option: str = ""
    credited_as: str = ""
    on_wall: bool = False
    # A script asks for a drawing: what is wrong is on it.
    is_scripted: bool = False


def read_form(pairs: Iterable[tuple[str, str]]) -> CommunityForm:
    """Return what a form says. What no form of ours says is not read."""
    said = dict(pairs)
    token = said.get("t", "")
    return CommunityForm(
        token=token if len(token) <= TOKEN_LENGTH_MAX else "",
        deed=next((each for each in get_args(Deed) if each == said.get("do")), "view"),
        decision=said.get("decision", "")[:TEXT_LENGTH_MAX],
        option=said.get("option", "")[:TEXT_LENGTH_MAX],
        credited_as=said.get("credited_as", "")[:TEXT_LENGTH_MAX],
        on_wall="on_wall" in said,
        is_scripted="scripted" in said,
    )
