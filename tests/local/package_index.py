"""A package index of our own, on this machine."""

import hashlib
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import pytest

_LOCKED = "1.0"
_REQUIRES = {
    "alpha": ('Requires-Dist: gamma>=1.0 ; extra == "more"', "Provides-Extra: more"),
    "beta": ("Requires-Dist: alpha[more]>=1.0",),
    "gamma": (),
}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Prints nothing."""


class Index:
    """Serves wheels that it makes, under `/simple/`; `lock` pins the oldest of each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        lines = []
        for name in _REQUIRES:
            for version in (_LOCKED, "1.1", "2.0"):
                _make_wheel(folder / "simple" / name, name, version)
            digest = hashlib.sha256(self._wheel(name).read_bytes()).hexdigest()
            lines.append(f"{name}=={_LOCKED} --hash=sha256:{digest}")
        self.lock = folder / "lock.txt"
        self.lock.write_text("\n".join(lines) + "\n")
        handler = partial(_Quiet, directory=str(folder))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def serve(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make it the only index that pip and uv know."""
        url = f"http://127.0.0.1:{self._server.server_address[1]}/simple"
        for name, value in {
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_INDEX_URL": url,
            "PIP_NO_CACHE_DIR": "1",
            "UV_DEFAULT_INDEX": url,
            "UV_NO_CACHE": "1",
            "UV_NO_CONFIG": "1",
        }.items():
            monkeypatch.setenv(name, value)
        for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "UV_INDEX", "UV_FIND_LINKS"):
            monkeypatch.delenv(name, raising=False)

    def tamper(self, name: str) -> None:
        """Change what is in a wheel that the lock knows."""
        with zipfile.ZipFile(self._wheel(name), "a") as wheel:
            wheel.writestr("more.py", "")

    def _wheel(self, name: str) -> Path:
        return self._folder / "simple" / name / f"{name}-{_LOCKED}-py3-none-any.whl"


def _make_wheel(folder: Path, name: str, version: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    metadata = ("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *_REQUIRES[name])
    files = {
        f"{name}.py": "",
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
        wheel.writestr(f"{info}/RECORD", record)
