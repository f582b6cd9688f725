"""Files that only the owner of a key can read: age, with the key away from this machine."""

from collections.abc import Sequence
from pathlib import Path

from deploy.recovery.manifest import Refused

SUFFIX = ".age"


def encrypt(path: Path, recipients: Sequence[str]) -> Path:
    """Replace a file by one that only these recipients (`age1…`) can read; return it."""
    import pyrage

    sealed = path.with_name(path.name + SUFFIX)
    try:
        pyrage.encrypt_file(str(path), str(sealed), recipients_of(recipients))
    except pyrage.EncryptError as exc:
        raise Refused(f"{path.name} could not be encrypted: {exc}.") from exc
    path.unlink()
    return sealed


def decrypt(path: Path, into: Path, identities: Path, *, needed: str) -> None:
    """Write what is in an encrypted file. Raises `Refused` when no key of ours opens it.

    `needed` says whose key it takes.
    """
    import pyrage

    try:
        pyrage.decrypt_file(str(path), str(into), _identities(identities))
    except pyrage.DecryptError as exc:
        raise Refused(
            f"{path.name} can't be opened with the keys in {identities}: it takes {needed}."
        ) from exc


def recipients_of(named: Sequence[str]) -> list[object]:
    """Return the recipients of these names. Raises `Refused` for one that is none."""
    import pyrage

    found: list[object] = []
    for name in named:
        try:
            found.append(pyrage.x25519.Recipient.from_str(name))
        except pyrage.RecipientError as exc:
            raise Refused(f"{name!r} is no age recipient: they begin with age1.") from exc
    return found


def _identities(path: Path) -> list[object]:
    import pyrage

    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as exc:
        raise Refused(f"The keys in {path} can't be read: {exc.strerror}.") from exc
    keys = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not keys:
        raise Refused(f"{path} holds no key: a line such as AGE-SECRET-KEY-1… is missing.")
    try:
        return [pyrage.x25519.Identity.from_str(key) for key in keys]
    except pyrage.IdentityError as exc:
        raise Refused(f"{path} holds a line that is no age identity.") from exc
