"""What the ledger said about somebody, read, and as it was said."""

import msgspec

from contracts.api.pledges import Export


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger said, read, and byte for byte."""

    told: Export
    raw: bytes
