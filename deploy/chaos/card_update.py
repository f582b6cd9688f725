"""A supporter who saves another card for a pledge, however often the platform dies meanwhile."""

from deploy.chaos.crowd import Crowd

ANOTHER_CARD = "5555555555554444"
TRIES_MAX = 10


async def update_card(crowd: Crowd, token: str, email: str) -> None:
    """Start, type the card into Stripe's element, complete; anew when that session is over."""
    for _ in range(TRIES_MAX):
        status, started = await crowd.patiently(
            "POST", "/pledge/payment-method/start", body={"token": token}
        )
        assert status == 200, started
        await crowd.patiently(
            "POST",
            f"/sandbox/checkout-sessions/{started['sessionId']}/complete",
            body={"card": ANOTHER_CARD, "email": email, "name": "Noor Valdecasas"},
            is_sandbox=True,
        )
        status, _ = await crowd.patiently(
            "POST",
            "/pledge/payment-method/complete",
            body={"token": token, "sessionId": started["sessionId"]},
        )
        if status == 200:
            return
    raise AssertionError("no session lived long enough to save a card in")
