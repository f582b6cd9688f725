"""The content folder and its git repository: files written, commits made, a remote followed.

A copy of the rows in Postgres, for people and their tools. Everything here blocks: it is
called in a thread. Whatever is overwritten or merged away was committed before, so no edit
by hand is lost. A folder that is no repository of its own gets files and no commits.
"""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import urllib3
from dulwich.client import get_transport_and_path
from dulwich.graph import find_merge_base
from dulwich.index import commit_tree
from dulwich.objects import Blob, Commit, ObjectID
from dulwich.refs import HEADREF
from dulwich.repo import Repo

FILE_MODE = 0o100644
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}\.md|platform\.yml")
BY_HAND = b"By hand <by-hand@localhost>"
COMMITTER = b"The Pool <pool@localhost>"
CONNECT_SECONDS, READ_SECONDS = 10.0, 30.0
Tree = dict[bytes, tuple[int, ObjectID]]
"""Path to mode and blob."""


class Overruled(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the remote that lost to ours, as it was."""

    file: str
    source: str


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Who made a commit, why and when."""

    author: bytes
    message: str
    at: float


class Exchanged(msgspec.Struct, frozen=True, kw_only=True):
    """What came of following a remote."""

    head: str
    brought: tuple[str, ...] = ()
    overruled: tuple[Overruled, ...] = ()


class Moved(Exception):
    """Somebody committed at the same time; the next round takes it up."""


class Repository:
    """A content folder, which may be a git repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def has_git(self) -> bool:
        """Tell whether the folder is a repository of its own."""
        return (self.folder / ".git").exists()

    def looks(self) -> tuple[tuple[str, int, int], ...]:
        """Return what tells that a file was edited, without reading any."""
        found = []
        for file in sorted([*self.folder.glob("*.md"), self.folder / "platform.yml"]):
            try:
                seen = file.stat()
            except OSError:
                continue
            found.append((file.name, seen.st_mtime_ns, seen.st_size))
        return tuple(found)

    def on_disk(self, file: str) -> str | None:
        """Return what a file says now; None when there is none."""
        try:
            return self._path(file).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None

    def put(self, file: str, source: str, *, author: str, message: str, at: float) -> str:
        """Write a file and commit it; return the commit's id, empty without a repository.

        Done twice it is done once: a file that says so already is not written, and one that
        is committed so already is not committed again.
        """
        path, data = self._path(file), source.encode()
        if not self.has_git:
            _write(path, data)
            return ""
        with _opened(self.folder) as repo:
            before = path.read_bytes() if path.exists() else None
            if before is not None and before != data and before != _committed(repo, file):
                _commit(repo, file, before, _by_hand(file, at))
            if before != data:
                _write(path, data)
            if _committed(repo, file) != data:
                signature = f"{author} <{author}>".encode()
                _commit(repo, file, data, Said(author=signature, message=message, at=at))
            return _head(repo).decode()

    def exchange(self, remote: str, *, at: float) -> Exchanged:
        """Take over what the remote has, and give it what it lacks.

        A file that both sides changed stays ours; theirs is handed back, and in the history.
        """
        with _opened(self.folder) as repo:
            branch = repo.refs.follow(HEADREF)[0][-1]
            pool = urllib3.PoolManager(
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS), retries=False
            )
            client, path = get_transport_and_path(
                remote, config=repo.get_config_stack(), quiet=True, pool_manager=pool
            )
            refs = client.fetch(path.encode(), repo).refs
            theirs, done = refs.get(branch), Exchanged(head="")
            if theirs is not None and theirs != _head(repo):
                done = self._merge(repo, theirs, at)
            head = _head(repo)
            if head and theirs != head:
                sent = client.send_pack(
                    path.encode(),
                    lambda _: {branch: head},
                    repo.generate_pack_data,  # type: ignore[arg-type]
                )
                wrong = [each for each in (sent.ref_status or {}).values() if each]
                if wrong:
                    raise OSError(f"the remote refused the push: {wrong[0]!r}")
            return msgspec.structs.replace(done, head=head.decode())

    def _merge(self, repo: Repo, theirs: ObjectID, at: float) -> Exchanged:
        ours = _head(repo)
        bases = find_merge_base(repo, [ours, theirs]) if ours else []
        if theirs in bases:
            return Exchanged(head="")
        base = _tree(repo, bases[0]) if bases else {}
        mine, other = (_tree(repo, ours) if ours else {}), _tree(repo, theirs)
        changed = {path for path in base.keys() | other.keys() if base.get(path) != other.get(path)}
        lost = {
            path
            for path in changed
            if mine.get(path) != base.get(path) and mine.get(path) != other.get(path)
        }
        brought = sorted(path for path in changed - lost if mine.get(path) != other.get(path))
        self._keep_edits(repo, brought, at)
        merged = dict(mine)
        for path in brought:
            if path in other:
                merged[path] = other[path]
            else:
                merged.pop(path, None)
        if ours in bases:
            _move(repo, ours, theirs)
        else:
            said = Said(author=COMMITTER, message="Merge what was pushed\n", at=at)
            _commit_tree(repo, merged, [_head(repo), theirs], said)
        for path in brought:
            self._take(repo, path, other.get(path))
        return Exchanged(
            head="",
            brought=tuple(path.decode() for path in brought),
            overruled=tuple(_overruled(repo, path, other) for path in sorted(lost & other.keys())),
        )

    def _keep_edits(self, repo: Repo, paths: Iterable[bytes], at: float) -> None:
        """Commit what somebody typed into files that are about to be replaced."""
        for path in paths:
            file = path.decode()
            place = self.folder / file
            if not NAME.fullmatch(file) or not place.exists():
                continue
            data = place.read_bytes()
            if data != _committed(repo, file):
                _commit(repo, file, data, _by_hand(file, at))

    def _take(self, repo: Repo, path: bytes, entry: tuple[int, ObjectID] | None) -> None:
        """Put a file of the remote into the folder. One that is gone there stays here."""
        place = (self.folder / path.decode()).resolve()
        if entry is None or self.folder.resolve() not in place.parents or ".git" in place.parts:
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        _write(place, repo[entry[1]].as_raw_string())
        repo.get_worktree().stage([path])

    def _path(self, file: str) -> Path:
        if not NAME.fullmatch(file):
            raise OSError(f"no campaign's file is called {file!r}")
        return self.folder / file


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[Repo]:
    """Yield the repository. A pack that something still looks into is closed with it."""
    repo = Repo(str(folder))
    try:
        yield repo
    finally:
        with contextlib.suppress(BufferError):
            repo.close()


def _write(path: Path, data: bytes) -> None:
    """Put a file in its place whole, or not at all."""
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, path.stat().st_mode if path.exists() else 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _head(repo: Repo) -> ObjectID:
    """Return the newest commit; empty in a repository without any."""
    try:
        return repo.head()
    except KeyError:
        return ObjectID(b"")


def _tree(repo: Repo, commit_id: ObjectID) -> Tree:
    commit = repo[commit_id]
    assert isinstance(commit, Commit), "a branch leads to a commit"
    entries = repo.object_store.iter_tree_contents(commit.tree)
    return {entry.path: (entry.mode, entry.sha) for entry in entries}


def _committed(repo: Repo, file: str) -> bytes | None:
    head = _head(repo)
    found = _tree(repo, head).get(file.encode()) if head else None
    return bytes(repo[found[1]].as_raw_string()) if found else None


def _overruled(repo: Repo, path: bytes, tree: Tree) -> Overruled:
    raw = repo[tree[path][1]].as_raw_string()
    return Overruled(file=path.decode(), source=raw.decode("utf-8", "replace"))


def _commit(repo: Repo, file: str, data: bytes, said: Said) -> None:
    """Commit this file and nothing that somebody else has staged."""
    head = _head(repo)
    tree = _tree(repo, head) if head else {}
    blob = Blob.from_string(data)
    repo.object_store.add_object(blob)
    tree[file.encode()] = (FILE_MODE, blob.id)
    _commit_tree(repo, tree, [head] if head else [], said)
    repo.get_worktree().stage([file.encode()])


def _commit_tree(repo: Repo, tree: Tree, parents: list[ObjectID], said: Said) -> None:
    blobs = [(path, sha, mode) for path, (mode, sha) in sorted(tree.items())]
    commit = Commit()
    commit.tree = commit_tree(repo.object_store, blobs)
    commit.parents = parents
    commit.author, commit.committer = said.author, COMMITTER
    commit.author_time = commit.commit_time = int(said.at)
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding = b"UTF-8"
    commit.message = said.message.encode()
    repo.object_store.add_object(commit)
    _move(repo, parents[0] if parents else None, commit.id)


def _by_hand(file: str, at: float) -> Said:
    return Said(author=BY_HAND, message=f"{Path(file).stem}: edited by hand\n", at=at)


def _move(repo: Repo, before: ObjectID | None, after: ObjectID) -> None:
    """Move the branch, unless somebody committed since we looked."""
    names, _ = repo.refs.follow(HEADREF)
    is_moved = (
        repo.refs.set_if_equals(names[-1], before, after)
        if before
        else repo.refs.add_if_new(names[-1], after)
    )
    if not is_moved:
        raise Moved("somebody else committed at the same time")
