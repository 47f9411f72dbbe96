"""What a principal may do. Pure: bindings and jobs in, yes or no out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from identity.errors import PermissionDenied
from identity.issuers import Identity
from jobs.errors import DormouseError, JobNotFound
from jobs.job.model import Job
from jobs.settings.roles import Binding, Role, covers
from jobs.webhooks.model import WebhookNotFound

_READS = frozenset({Role.VIEWER, Role.OPERATOR})
_SUBMITS = frozenset({Role.SUBMITTER, Role.OPERATOR})
_CHANGES = frozenset({Role.OPERATOR})


class Owned(Protocol):
    """A job, or what makes jobs of its type for its owner."""

    @property
    def owner(self) -> str: ...
    @property
    def type(self) -> str: ...


class OwnedWebhook(Protocol):
    """A webhook, as far as rights depend on it: it has no job type."""

    @property
    def owner(self) -> str: ...


@dataclass(frozen=True)
class Caller:
    """A verified principal and its roles, each with the job types that it is for.

    Without a role it may do nothing.
    """

    principal: Identity
    types: Mapping[Role, frozenset[str]]

    @property
    def member(self) -> str:
        return self.principal.member

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(self.types)

    def sees_traceback(self, job: Job) -> bool:
        return self._may(_CHANGES, job.type)

    def check_operator(self) -> None:
        """For what belongs to no job type. Raises `PermissionDenied`."""
        if not self._may(_CHANGES, None):
            raise PermissionDenied("You need the role operator, for all job types.")

    def check_submits(self) -> None:
        """Whether the caller submits jobs of any type. Raises `PermissionDenied`."""
        if not self.roles & _SUBMITS:
            raise PermissionDenied("You need the role submitter to submit jobs.")

    def check_changes(self) -> None:
        """Whether the caller changes anything of any type. Raises `PermissionDenied`."""
        if not self.roles & _SUBMITS:
            raise PermissionDenied("You need the role submitter or operator to change jobs.")

    def check_submit(self, job_type: str) -> None:
        """Raises `PermissionDenied`."""
        self.check_submits()
        if not self._may(_SUBMITS, job_type):
            raise PermissionDenied("You may not submit jobs of this type.")

    def check_read(self, thing: Owned, not_found: type[DormouseError] = JobNotFound) -> None:
        """Raises `not_found` for the things of others, as if there were none."""
        if thing.owner != self.member and not self._may(_READS, thing.type):
            raise not_found

    def check_change(self, thing: Owned, not_found: type[DormouseError] = JobNotFound) -> None:
        """Raises `not_found`, or `PermissionDenied` to those who may read the thing."""
        self.check_read(thing, not_found)
        owns = thing.owner == self.member and self._may(_SUBMITS, thing.type)
        if not owns and not self._may(_CHANGES, thing.type):
            raise PermissionDenied("You need the role operator to change this.")

    def owner_to_list(self, job_type: str | None) -> str | None:
        """Whose jobs of this type, or of all types, the caller reads; None for everybody's.

        Raises `PermissionDenied` where that would be everybody's of some types and its own of
        others: no single bounded query finds those.
        """
        return self._owner(_READS, job_type)

    def owner_to_change(self, job_type: str | None) -> str | None:
        """As `owner_to_list`, of the jobs that the caller may change."""
        self.check_changes()
        return self._owner(_CHANGES, job_type)

    def check_own_webhooks(self) -> None:
        """Whether the caller may have webhooks, and notifications. Raises `PermissionDenied`."""
        if not self.roles & _SUBMITS:
            raise PermissionDenied("You need the role submitter to be told of jobs.")

    def check_read_webhook(self, webhook: OwnedWebhook) -> None:
        """Raises `WebhookNotFound` for the webhooks of others, as if there were none."""
        if self.webhook_owner_to_list() not in {None, webhook.owner}:
            raise WebhookNotFound

    def check_change_webhook(self, webhook: OwnedWebhook) -> None:
        """For its owner and operators. Raises `WebhookNotFound`, `PermissionDenied`."""
        self.check_read_webhook(webhook)
        owns = webhook.owner == self.member and self.roles & _SUBMITS
        if not owns and not self._may(_CHANGES, None):
            raise PermissionDenied("You need the role operator to change this webhook.")

    def check_secret_of_webhook(self, webhook: OwnedWebhook) -> None:
        """For its owner only. Raises `WebhookNotFound`, `PermissionDenied`."""
        self.check_change_webhook(webhook)
        if webhook.owner != self.member:
            raise PermissionDenied("Only its owner may get a webhook's secret.")

    def webhook_owner_to_list(self) -> str | None:
        """Whose webhooks the caller sees; None for everybody's. They belong to no job type."""
        return None if self._may(_READS, None) else self.member

    def _owner(self, roles: frozenset[Role], job_type: str | None) -> str | None:
        if not self.roles & roles:
            return self.member
        if self._may(roles, job_type):
            return None
        if job_type is not None and self._may(_SUBMITS, job_type):
            return self.member
        allowed = sorted({pattern for role in roles for pattern in self.types.get(role, ())})
        raise PermissionDenied(
            f"You see the jobs of others for some job types only: filter by a `type` of"
            f" {', '.join(allowed)}."
        )

    def _may(self, roles: frozenset[Role], job_type: str | None) -> bool:
        return any(covers(self.types.get(role, frozenset()), job_type) for role in roles)


class Access:
    """The deployment's role bindings. No binding means nobody."""

    def __init__(self, bindings: Iterable[Binding]) -> None:
        self._bindings = tuple(
            (frozenset(_comparable(member) for member in binding.members), binding)
            for binding in bindings
        )

    def caller(self, principal: Identity) -> Caller:
        """Raises `PermissionDenied` for a principal without any role."""
        known = {_comparable(name) for name in (principal.member, *principal.groups)}
        types: dict[Role, frozenset[str]] = {}
        for members, binding in self._bindings:
            if not known.isdisjoint(members):
                types[binding.role] = types.get(binding.role, frozenset()).union(binding.types)
        if not types:
            raise PermissionDenied(f"{principal.member} has no role here.")
        return Caller(principal, types)


def _comparable(member: str) -> str:
    """Email addresses and domains are compared without case; Firebase's user ids have it."""
    return member if member.startswith("firebase:") else member.lower()
