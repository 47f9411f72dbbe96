"""How many of a kind an owner may have: the ids that it has, kept beside them.

A set of ids rather than a counter: it can be compared with what there is, and heals by that.
"""

import hashlib
from typing import Final

import msgspec

from jobs.job.model import NO_VERSION, Version

TRIES: Final = 8
"""How often a change looks again after somebody else of the same owner was quicker."""


class Quota(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an owner has of one kind. Changes only in the commit that creates or deletes one."""

    id: str
    owner: str
    held: tuple[str, ...] = ()
    version: Version = NO_VERSION

    @classmethod
    def of(cls, owner: str) -> "Quota":
        return cls(id=cls.id_of(owner), owner=owner)

    @staticmethod
    def id_of(owner: str) -> str:
        """A principal's name may hold what no document's name may."""
        return hashlib.sha256(owner.encode()).hexdigest()

    def with_one(self, held: str) -> "Quota":
        return msgspec.structs.replace(self, held=(*self.held, held))

    def without(self, gone: str) -> "Quota":
        return msgspec.structs.replace(self, held=tuple(one for one in self.held if one != gone))
