"""Google's generated messages without the clients that come with them.

The packages' own `__init__` imports every client, sync and async, which takes longer than all the
rest of a cold start. The message modules need none of it, so they are imported under a bare parent
that is taken away again. See docs/decisions/0002-generated-messages-on-a-plain-channel.md.
"""

import importlib
import importlib.util
import sys
import threading
from types import ModuleType

_lock = threading.Lock()


def messages(package: str, module: str) -> ModuleType:
    """The module of generated messages `package.types.module`.

    The official client can still be imported afterwards, and has the same messages; only that
    `package.types` must then be imported by its name.
    """
    name = f"{package}.types.{module}"
    with _lock:
        if package in sys.modules:
            return importlib.import_module(name)
        spec = importlib.util.find_spec(package)
        if spec is None or spec.submodule_search_locations is None:
            raise ImportError(f"{package} is not installed")
        parent = ModuleType(package)
        parent.__path__ = list(spec.submodule_search_locations)
        sys.modules[package] = parent
        try:
            return importlib.import_module(name)
        finally:
            del sys.modules[package]
