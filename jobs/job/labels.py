"""What labels look like: a caller's own words on a job, by which lists can be filtered."""

from typing import Annotated, Final

from msgspec import Meta

# Python's `$` also matches before a last line feed, that of JSON Schema does not.
END: Final = r"$(?!\n)"
LabelName = Annotated[str, Meta(pattern=rf"^[a-z][a-z0-9_-]{{0,62}}{END}")]
LabelValue = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9_.:/@+-]{{0,63}}{END}")]
Labels = Annotated[dict[LabelName, LabelValue], Meta(max_length=16)]
