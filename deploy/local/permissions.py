"""Who may do what at the bus and at Redis: one page, every configuration is made from it.

Each service has a user of its own at each server, allowed what its work needs and nothing
else. Postgres's side of this is in the migrations.
"""

from collections.abc import Callable

from contracts.streams import CONSUMERS, Consumer, Stream, hearing, owned_by
from contracts.subjects import BROADCASTS, REQUESTS
from deploy.local.layout import SERVICES

OPERATOR = "pool"
"""Who looks after the servers: tools and people. No service has this user's password."""

PAYLOAD_BYTES_MAX = 256 * 1024

ANSWER_SECONDS = 10
"""How long a question may be answered; whoever asked has given up before."""

# Reading and writing single keys, and the limiter's scripts. Scripts see the same keys.
REDIS_COMMANDS = (
    *("get", "set", "del", "exists", "rename", "incrby", "pexpire", "pttl"),
    *("evalsha", "script|load", "time"),
    *("ping", "hello", "client|setinfo", "client|setname", "select"),
)

SHARED_KEYS = {"checkout": ("stripe",), "settlement": ("stripe",)}
"""Prefixes beside a service's own: the account's one budget at Stripe."""

Secret = Callable[[str], str]
"""Gives what stands for a user's password in a configuration file."""


def may_publish(service: str) -> list[str]:
    """Return the subjects a service may publish to, those of JetStream's API among them."""
    own = owned_by(service)
    hears = [consumer for consumer in CONSUMERS if consumer.listener == service]
    return [
        *(subject for stream in own for subject in stream.subjects),
        *(f"{subject}.*" for subject in BROADCASTS.get(service, ())),
        *(question for question, (asks, _) in REQUESTS.items() if asks == service),
        *(subject for stream in own for subject in _looks_after(stream)),
        *(subject for consumer in hears for subject in _consumes(consumer)),
    ]


def may_subscribe(service: str) -> list[str]:
    """Return what a service may listen to: answers to itself, broadcasts, questions to it."""
    return [
        # Not everybody's _INBOX.>: there one could read what others are told.
        f"_INBOX.{service}.>",
        *(f"{subject}.*" for subject in BROADCASTS.get(service, ())),
        *questions_to(service),
    ]


def questions_to(service: str) -> list[str]:
    """Return the questions a service answers: to where each asks for it, and only once."""
    return [question for question, (_, answers) in REQUESTS.items() if answers == service]


def nats_users(secret: Secret) -> list[str]:
    """Return the bus's users as lines of its configuration."""
    lines = ["users: [", f"  {{user: {OPERATOR}, password: {secret(OPERATOR)}}}"]
    for service in SERVICES:
        lines += [
            f"  {{user: {service}, password: {secret(service)}, permissions: {{",
            *_allowed("publish", may_publish(service)),
            *_allowed("subscribe", may_subscribe(service)),
            *_answering(service),
            "  }}",
        ]
    return [*lines, "]"]


def redis_users(secret: Secret) -> list[str]:
    """Return Redis's users as lines of its configuration; `default` is the operator."""
    commands = " ".join(f"+{name}" for name in REDIS_COMMANDS)
    return [
        f"user default on >{secret(OPERATOR)} ~* &* +@all",
        *(
            f"user {service} on >{secret(service)} resetkeys {_keys(service)} resetchannels"
            f" -@all {commands}"
            for service in SERVICES
        ),
    ]


def _keys(service: str) -> str:
    return " ".join(f"~{prefix}:*" for prefix in (service, *SHARED_KEYS.get(service, ())))


def _looks_after(stream: Stream) -> list[str]:
    """The owner makes its stream and whoever hears it, before it says the first word.

    It cannot change or remove one that stands: a stream may be told to copy from others.
    """
    heard_by = [each.durable for each in hearing((stream,))]
    return [
        *(f"$JS.API.STREAM.{verb}.{stream.name}" for verb in ("INFO", "CREATE")),
        *(f"$JS.API.CONSUMER.DURABLE.CREATE.{stream.name}.{durable}" for durable in heard_by),
        *(f"$JS.API.CONSUMER.INFO.{stream.name}.{durable}" for durable in heard_by),
    ]


def _consumes(consumer: Consumer) -> list[str]:
    name = f"{consumer.stream}.{consumer.durable}"
    return [
        f"$JS.API.CONSUMER.INFO.{name}",
        f"$JS.API.CONSUMER.MSG.NEXT.{name}",
        f"$JS.ACK.{name}.>",
    ]


def _answering(service: str) -> list[str]:
    """Not leave to write to the asker's inbox: there it gets its messages from the bus too."""
    if not questions_to(service):
        return []
    return [f'    allow_responses: {{max: 1, expires: "{ANSWER_SECONDS}s"}}']


def _allowed(verb: str, subjects: list[str]) -> list[str]:
    # Who hears its own stream, as settlement does, would be named twice.
    return [
        f"    {verb}: {{allow: [",
        *(f'      "{subject}"' for subject in dict.fromkeys(subjects)),
        "    ]}",
    ]
