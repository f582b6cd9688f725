"""No room left on the disk, or none to be written to: said as a refusal."""

import contextlib
import errno
from collections.abc import Iterator

from contracts.refusals import Refusal, Unavailable


class StorageFull(Refusal):
    """The disk is nearly full: what is there must go on."""

    status = 507


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Say what the disk refuses in words, as a refusal: no room left, or not to be written to."""
    try:
        yield
    except OSError as exc:
        if exc.errno in (errno.ENOSPC, errno.EDQUOT):
            raise full() from exc
        raise Unavailable("media_away", "The media folder can’t be written to.") from exc


def full() -> StorageFull:
    """Return the refusal of whatever would need more room than is left."""
    return StorageFull("storage_full", "There is too little room left for uploads.")
