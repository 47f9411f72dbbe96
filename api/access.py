"""What a principal may do. Pure: bindings and jobs in, yes or no out."""

from collections.abc import Iterable
from dataclasses import dataclass

from identity.errors import PermissionDenied
from identity.tokens import Principal
from jobs.errors import JobNotFound
from jobs.model import Job
from jobs.settings import Binding, Role

_READS_ALL = frozenset({Role.VIEWER, Role.OPERATOR})
_SUBMITS = frozenset({Role.SUBMITTER, Role.OPERATOR})


@dataclass(frozen=True)
class Caller:
    """A verified principal and its roles. Without a role it may do nothing."""

    principal: Principal
    roles: frozenset[Role]

    @property
    def member(self) -> str:
        return self.principal.member

    @property
    def reads_all(self) -> bool:
        return bool(self.roles & _READS_ALL)

    @property
    def sees_tracebacks(self) -> bool:
        return Role.OPERATOR in self.roles

    def check_operator(self) -> None:
        """Raises `PermissionDenied`."""
        if Role.OPERATOR not in self.roles:
            raise PermissionDenied("You need the role operator.")

    @property
    def changes_all(self) -> bool:
        return Role.OPERATOR in self.roles

    def check_submit(self) -> None:
        """Raises `PermissionDenied`."""
        if not self.roles & _SUBMITS:
            raise PermissionDenied("You need the role submitter to submit jobs.")

    def check_read(self, job: Job) -> None:
        """Raises `JobNotFound` for the jobs of others, as if there were none."""
        if not self.reads_all and job.owner != self.member:
            raise JobNotFound

    def check_change(self, job: Job) -> None:
        """Raises `JobNotFound`, or `PermissionDenied` to those who may read the job."""
        self.check_read(job)
        owns = job.owner == self.member and Role.SUBMITTER in self.roles
        if not owns and Role.OPERATOR not in self.roles:
            raise PermissionDenied("You need the role operator to change this job.")


class Access:
    """The deployment's role bindings. No binding means nobody."""

    def __init__(self, bindings: Iterable[Binding]) -> None:
        # Members are compared without case, as email addresses and domains are.
        self._bindings = tuple(
            (binding.role, frozenset(member.lower() for member in binding.members))
            for binding in bindings
        )

    def caller(self, principal: Principal) -> Caller:
        """Raises `PermissionDenied` for a principal without any role."""
        names = {principal.member, f"domain:{principal.domain}", "allAuthenticated"}
        known = {name.lower() for name in names}
        roles = frozenset(role for role, members in self._bindings if not known.isdisjoint(members))
        if not roles:
            raise PermissionDenied(f"{principal.member} has no role here.")
        return Caller(principal, roles)
