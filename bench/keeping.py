"""Keeps what was found: the figures as JSON, a page of Markdown, and a picture."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from local.processes import ROOT

RESULTS = ROOT / "bench" / "results"


def keep(
    folder: Path, name: str, found: msgspec.Struct, page: str, draw: Callable[[Path], None]
) -> None:
    """Writes the three under the same name. The page may show the picture as `NAME.svg`."""
    folder.mkdir(parents=True, exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode(found), indent=1)
    (folder / f"{name}.json").write_bytes(text + b"\n")
    (folder / f"{name}.md").write_text(page)
    draw(folder / f"{name}.svg")
    print(f"The results are in {folder / name}.md.")
