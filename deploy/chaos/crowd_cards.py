"""People who have pledged and give another card."""

from deploy.chaos.crowd import Crowd, Pledge

ANOTHER_CARD = "5555555555554444"


async def replace_card(crowd: Crowd, token: str, email: str, *, card: str = ANOTHER_CARD) -> None:
    """Save another card for the pledge behind a link, however long it takes."""
    start = {"token": token}
    status, started = await crowd.patiently("POST", "/pledge/payment-method/start", body=start)
    assert status == 200, started
    session = Pledge("", email, session_id=started["sessionId"])
    await crowd.save_card(session, card=card)
    assert session.is_saved, session.refusal
    done = {"token": token, "sessionId": started["sessionId"]}
    status, saved = await crowd.patiently("POST", "/pledge/payment-method/complete", body=done)
    assert status == 200, saved
