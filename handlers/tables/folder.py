"""A folder for one attempt's files, which does not outlive the attempt."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

_PREFIX = "dormouse-table-"
_NAME = re.compile(re.escape(_PREFIX) + r"(\d+)-")


@contextmanager
def private_folder() -> Iterator[Path]:
    """An empty folder of this process, removed afterwards.

    A process that is killed can't remove its folder, and on Cloud Run files are memory, so the
    next one removes it.
    """
    _remove_orphans()
    with TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-", ignore_cleanup_errors=True) as path:
        yield Path(path)


def _remove_orphans() -> None:
    for path in Path(gettempdir()).iterdir():
        if (found := _NAME.match(path.name)) and not _is_alive(int(found[1])):
            shutil.rmtree(path, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass  # Somebody else's, or no process id at all: not ours to judge.
    return True
