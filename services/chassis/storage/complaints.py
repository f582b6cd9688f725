"""What is wrong with a database, in a sentence for whoever waits for a command."""

from urllib.parse import urlsplit

import asyncpg

FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, ValueError)
"""Whatever an address that is wrong, or a server that is away, hung or full, can raise."""

# The first that fits. A time-out is an OSError too, a bad address an error of the client's.
SENTENCES: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (
        (TimeoutError, asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError),
        "Postgres at {where} did not answer in time: it hangs, or somebody holds a lock.",
    ),
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        "Postgres at {where} does not let us in: {said}.",
    ),
    (asyncpg.DiskFullError, "The disk of Postgres at {where} is full: {said}."),
    (asyncpg.PostgresError, "Postgres at {where} says: {said}."),
    (OSError, "Postgres can't be reached at {where}: {said}."),
    (ValueError, "This is no address of a database, such as postgresql://user:password@host/pool."),
    (asyncpg.InterfaceError, "The connection to Postgres at {where} is lost: {said}."),
)


def complaint(exc: BaseException, url: str) -> str:
    """Return one of `FAULTS` in a sentence, which holds no password."""
    sentence = next(text for kinds, text in SENTENCES if isinstance(exc, kinds))
    said = getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
    return sentence.format(where=_place(url), said=said)


def _place(url: str) -> str:
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port or 5432}{parts.path}"
    except ValueError:
        return "its address"
