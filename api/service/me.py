"""/v1/me: whom the service takes the caller for."""

from typing import Annotated

import msgspec
from flask import Blueprint
from msgspec import Meta

from api.auth.access import Caller
from api.auth.callers import caller
from api.http.operation import Operation
from jobs.settings.roles import Role

routes = Blueprint("me", __name__)


class RoleGrant(msgspec.Struct, frozen=True, kw_only=True):
    """A role and what it is for."""

    role: Role
    types: Annotated[
        list[str],
        Meta(description="Job types, or beginnings of their names; `*` stands for all."),
    ]


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """A verified caller and what it may do."""

    member: Annotated[
        str, Meta(description="The caller's name in role bindings, and as the `owner` of jobs.")
    ]
    issuer: Annotated[str, Meta(description="Who vouches for the caller.")]
    email: Annotated[str | None, Meta(description="Null if no verified one is known.")]
    roles: list[RoleGrant]

    @classmethod
    def of(cls, caller: Caller) -> "Me":
        return cls(
            member=caller.member,
            issuer=caller.principal.issuer,
            email=caller.principal.email or None,
            roles=[
                RoleGrant(role=role, types=sorted(caller.types[role]))
                for role in Role
                if role in caller.types
            ],
        )


@routes.get("/v1/me")
@Operation(summary="Who am I?", tag="Service", answer=Me)
def get_me() -> Me:
    """Whom the service takes you for, and your roles.

    Who has no role gets 403, as everywhere; the `detail` names whom it was taken for.
    """
    return Me.of(caller())
