"""Who has which role, in the style of IAM's bindings."""

import re
from enum import StrEnum
from typing import Final

import msgspec

EVERY_TYPE: Final = "*"
GOOGLE_ACCOUNTS: Final = "allAuthenticated"
FIREBASE_USERS: Final = "allFirebase"

_MEMBER: Final = re.compile(r"(user|serviceAccount|domain|firebase):\S.*", re.DOTALL)
_TYPES: Final = re.compile(r"\*|[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*(\.[a-z][a-z0-9_]*|\.\*)")


class Role(StrEnum):
    """What a principal may do. `docs/security.md` has the table."""

    SUBMITTER = "submitter"
    VIEWER = "viewer"
    OPERATOR = "operator"


class Binding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A role, who has it, and for which job types.

    A member is `user:EMAIL`, `serviceAccount:EMAIL`, `domain:DOMAIN` or `allAuthenticated`, which
    mean Google identities, or `firebase:UID` or `allFirebase`. Types are names, or beginnings of
    names such as `http.*`.
    """

    role: Role
    members: tuple[str, ...]
    types: tuple[str, ...] = (EVERY_TYPE,)

    def __post_init__(self) -> None:
        for member in self.members:
            if member not in {GOOGLE_ACCOUNTS, FIREBASE_USERS} and not _MEMBER.fullmatch(member):
                raise ValueError(
                    f"{member!r} is none of user:EMAIL, serviceAccount:EMAIL, domain:DOMAIN,"
                    f" {GOOGLE_ACCOUNTS}, firebase:UID, {FIREBASE_USERS}"
                )
        if not self.types:
            raise ValueError("a binding without any type grants nothing; leave `types` out for all")
        for pattern in self.types:
            if not _TYPES.fullmatch(pattern):
                raise ValueError(
                    f"{pattern!r} is neither a job type nor the beginning of one, like `http.*`"
                )


def covers(types: frozenset[str], job_type: str | None) -> bool:
    """Whether the types of a binding take in this one; None stands for every type there is."""
    if EVERY_TYPE in types:
        return True
    if job_type is None:
        return False
    return job_type in types or any(
        pattern.endswith(".*") and job_type.startswith(pattern[:-1]) for pattern in types
    )
