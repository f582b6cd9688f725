"""Linux tells a process when its parent is gone; elsewhere nobody does."""

import ctypes
import os
import sys

IS_LINUX = sys.platform == "linux"
PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
_LIBC = ctypes.CDLL(None, use_errno=True) if IS_LINUX else None


def die_with(parent: int, number: int, name: str = "") -> None:
    """Be sent signal `number` when the thread of `parent` ends that started us.

    `name` is what `top` and `ps` call this process, up to 15 bytes.
    """
    if _LIBC is None:
        return
    _LIBC.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if name:
        _LIBC.prctl(PR_SET_NAME, name.encode(), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
