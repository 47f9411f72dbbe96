"""PngSuite, pixel by pixel, against a second decoder: `python -m tests.handlers.png_suite`.

Both come in the sources of pypng, which are fetched for it: 28 images, and a decoder in plain
Python.
"""

import importlib
import io
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path
from typing import Any

from PIL import Image

from handlers.pictures import encoded, opened, shrunk

VERSION = "0.20220715.0"
SCALED_OTHERWISE = {"Basn0g03"}
"""Says by sBIT that only three bits count, by which pypng scales and other decoders don't."""


def fetched(folder: Path) -> tuple[Any, Any]:
    """The modules `png` and `pngsuite`, from the package index that pip uses."""
    venv.create(folder / "env", with_pip=True)
    options = ["--no-deps", "--no-binary", ":all:", "--dest", str(folder)]
    pip = [str(folder / "env" / "bin" / "python"), "-m", "pip"]
    command = [*pip, "download", "-q", *options, f"pypng=={VERSION}"]
    subprocess.run(command, check=True)  # noqa: S603 - our own words
    with tarfile.open(folder / f"pypng-{VERSION}.tar.gz") as sources:
        sources.extractall(folder, filter="data")
    sys.path.insert(0, str(folder / f"pypng-{VERSION}" / "code"))
    return importlib.import_module("png"), importlib.import_module("pngsuite")


def ours(data: bytes, size: tuple[int, int]) -> list[Any]:
    with opened(data) as picture:
        small = shrunk(picture, size, "contain")
    with Image.open(io.BytesIO(encoded(small, "png"))) as image:
        return list(image.convert("RGBA").get_flattened_data())


def theirs(png: Any, data: bytes) -> tuple[tuple[int, int], list[tuple[int, ...]]]:
    width, height, rows, _ = png.Reader(bytes=data).asRGBA8()
    pixels = [tuple(row[at : at + 4]) for row in map(list, rows) for at in range(0, len(row), 4)]
    return (width, height), pixels


def differs(ours: Any, theirs: Any) -> bool:
    """By more than a rounding of sixteen bits; what nobody sees has no colour."""
    if abs(ours[3] - theirs[3]) > 1:
        return True
    return bool(theirs[3]) and any(abs(a - b) > 1 for a, b in zip(ours, theirs, strict=True))


def main() -> None:
    """Compare every image; exit with 1 if one differs."""
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        png, suite = fetched(Path(folder))
        for name, data in suite.png.items():
            size, right = theirs(png, data)
            if any(map(differs, ours(data, size), right)) and name not in SCALED_OTHERWISE:
                wrong.append(name)
    print(f"{len(suite.png)} images, different: {wrong or 'none'}")  # noqa: T201 - a command
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
