"""What a cardholder's bank does about a payment later: disputes and fraud warnings."""

from typing import Any

from litestar import Response, post
from litestar.params import FromPath

from deploy.sandbox.control import act
from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api import disputes, payment_intents
from deploy.sandbox.stripe_api.call import Call
from deploy.sandbox.web import Bad, Web, json_body, json_response
from deploy.sandbox.world import public

OUTCOMES = ("won", "lost", "escalated")


@post("/sandbox/payment-intents/{intent_id:str}/dispute", status_code=200)
async def dispute_payment(request: Web, intent_id: FromPath[str]) -> Response[bytes]:
    """Dispute a payment: `reason`, and `inquiry` when the bank only asks."""
    content = await json_body(request)
    reason = _choice(content, "reason", disputes.REASONS, "fraudulent")
    is_inquiry = content.get("inquiry", False)
    if not isinstance(is_inquiry, bool):
        raise Bad("Say whether it is an inquiry.", fields={"inquiry": "must be true or false"})

    def deed(call: Call) -> Obj:
        return disputes.begin(call, _charge(call), reason=reason, is_inquiry=is_inquiry)

    return json_response(public(act(request, intent_id, deed)))


@post("/sandbox/disputes/{dispute_id:str}/decide", status_code=200)
async def decide_dispute(request: Web, dispute_id: FromPath[str]) -> Response[bytes]:
    """Bring the bank's decision: `outcome` is won, lost or, of an inquiry, escalated."""
    outcome = _choice(await json_body(request), "outcome", OUTCOMES, "")

    def deed(call: Call) -> Obj:
        dispute = disputes.retrieve(call)
        if outcome == "escalated":
            return disputes.escalate(call, dispute)
        return disputes.decide(call, dispute, is_won=outcome == "won")

    return json_response(public(act(request, dispute_id, deed)))


@post("/sandbox/payment-intents/{intent_id:str}/fraud-warning", status_code=200)
async def warn_of_fraud(request: Web, intent_id: FromPath[str]) -> Response[bytes]:
    """Have the bank warn that a payment is fraud: `fraud_type`."""
    kind = _choice(
        await json_body(request), "fraud_type", disputes.FRAUD_TYPES, "made_with_stolen_card"
    )

    def deed(call: Call) -> Obj:
        return disputes.warn(call, _charge(call), fraud_type=kind)

    return json_response(public(act(request, intent_id, deed)))


def _charge(call: Call) -> Obj:
    intent = payment_intents.find(call)
    if not intent["latest_charge"]:
        raise Bad("Nothing was charged yet.", status=409)
    return call.find("charge", intent["latest_charge"])


def _choice(content: dict[str, Any], name: str, choices: tuple[str, ...], default: str) -> str:
    value = content.get(name, default)
    if value not in choices:
        raise Bad(f"Say the {name}.", fields={name: f"must be one of {', '.join(choices)}"})
    return str(value)


HANDLERS = [dispute_payment, decide_dispute, warn_of_fraud]
