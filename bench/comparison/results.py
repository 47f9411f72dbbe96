"""Keeps what a comparison found."""

from pathlib import Path

import msgspec

from bench.comparison.figures import Comparison
from bench.comparison.plots import draw
from bench.comparison.report import page


def keep(comparison: Comparison, folder: Path) -> None:
    """The figures, the table and the picture, under the same name."""
    folder.mkdir(parents=True, exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode(comparison), indent=1)
    (folder / "comparison.json").write_bytes(text + b"\n")
    (folder / "comparison.md").write_text(page(comparison))
    draw(comparison, folder / "comparison.svg")
