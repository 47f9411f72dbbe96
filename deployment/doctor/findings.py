"""What a check has found."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta


class Severity(StrEnum):
    """`error`: jobs are lost, late or refused. `warning`: they will be, or it can't be seen."""

    ERROR = "error"
    WARNING = "warning"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong."""

    id: Annotated[str, Meta(description="Stable: the same for the same kind of trouble.")]
    severity: Severity = Severity.ERROR
    what: str
    mend: str
