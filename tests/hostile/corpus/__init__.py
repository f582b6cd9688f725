"""Every hostile request, in one table: what is said, and exactly what must come back."""

from tests.hostile.case import Case
from tests.hostile.corpus import (
    authority,
    bodies,
    carts,
    changes,
    checkouts,
    forms,
    framing,
    links,
    mails,
    money,
    origins,
    paths,
    postage,
    reference,
    webhooks,
)

GROUPS = (
    ("Framing of requests", framing.CASES),
    ("Paths, methods and names", paths.CASES),
    ("Origins and content types", origins.CASES),
    ("JSON bodies", bodies.CASES),
    ("Carts", carts.CASES),
    ("Postage and tax", postage.CASES),
    ("Orders and checkouts", checkouts.CASES),
    ("The cart's form", forms.CASES),
    ("Magic links", links.CASES),
    ("Changes of a pledge", changes.CASES),
    ("Operators' routes", authority.CASES),
    ("Operators' routes about money", money.CASES),
    ("Stripe's webhooks", webhooks.CASES),
    ("News to many, and who wants it", mails.CASES),
    ("Payloads of the reference's suite", reference.CASES),
)

CASES: tuple[Case, ...] = tuple(case for _, cases in GROUPS for case in cases)
