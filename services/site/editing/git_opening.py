"""Git repositories that are opened and leave no file open, ours and a remote on the same disk."""

import contextlib
import gc
import os
from collections.abc import Iterator
from pathlib import Path

from dulwich.client import GitClient, LocalGitClient
from dulwich.repo import Repo


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Repo]:
    """Yield the repository, and leave none of its files open."""
    repo = Repo(str(folder))
    try:
        yield repo
    finally:
        packs = repo.object_store.packs
        try:
            repo.close()
        except BufferError:
            # Something that nobody refers to any more looks into a pack. The library has
            # forgotten the pack by now, and closed neither its file nor the packs after it.
            gc.collect()
            for pack in packs:
                pack.close()


class OnDisk(LocalGitClient):
    """The way to a remote on the same disk; the library opens a repository of its own for it."""

    @classmethod
    def _open_repo(cls, path: str | bytes) -> contextlib.AbstractContextManager[Repo]:  # type: ignore[override]
        return opened(Path(os.fsdecode(path)))


def closing(client: GitClient) -> GitClient:
    """Return the way to a remote that closes what it opens."""
    return OnDisk(quiet=True) if isinstance(client, LocalGitClient) else client
