"""Where a secret may stand: in which fields of which job types, for whom and for which hosts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from jobs.errors import InvalidRequest, SettingsError
from jobs.payloads.secret_references import NAME_PATTERN, Step, placed

EVERY_FIELD: Final = "*"
ANY_DEPTH: Final = "**"


class SecretBinding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A secret's name and what it is bound to. Nothing named means no further bound.

    `types` are names of job types, `hosts` are `host` or `host:port`, `members` as in roles.
    """

    name: str
    types: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class SecretBindings:
    """The secrets that payloads may refer to.

    A job type says in which of its fields a secret may stand at all; in any other it is refused,
    whatever it is bound to, so that no handler that shows its payload gives a value away.
    """

    bindings: tuple[SecretBinding, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "SecretBindings":
        """From names separated by commas, or a JSON list of bindings. Raises `SettingsError`."""
        if not text.lstrip().startswith("["):
            names = (word.strip() for word in text.split(","))
            return cls(tuple(SecretBinding(name) for name in names if name))
        try:
            found = msgspec.json.decode(text, type=tuple[SecretBinding, ...])
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise SettingsError(
                'DORMOUSE_SECRETS must be names separated by commas, or JSON like [{"name":'
                f' "github-token", "hosts": ["api.github.com"]}}]: {error}'
            ) from error
        return cls(found)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(one.name for one in self.bindings)

    def check(
        self,
        name: str,
        where: Sequence[Step],
        *,
        job_type: str,
        fields: Iterable[str],
        owner: str | None = None,
    ) -> SecretBinding:
        """The binding of a secret that may stand there. Raises `InvalidRequest`, with the reason.

        Without an `owner`, who it was is not looked at: that was done when the job was submitted.
        """
        binding = next((one for one in self.bindings if one.name == name), None)
        if binding is None:
            raise InvalidRequest(f"There is no secret {name!r} that a payload may refer to.")
        if not any(_matches(field.split("."), where) for field in fields):
            raise InvalidRequest(
                f"No secret may stand at `{placed(where)}` of a job of the type {job_type}."
            )
        if binding.types and job_type not in binding.types:
            raise InvalidRequest(f"The secret {name!r} is not for jobs of the type {job_type}.")
        if owner is not None and binding.members and owner not in binding.members:
            raise InvalidRequest(f"The secret {name!r} is not for jobs of yours.")
        return binding


NO_SECRETS: Final = SecretBindings()
NAMES_PATTERN: Final = rf"{NAME_PATTERN}(\s*,\s*{NAME_PATTERN})*\s*,?|\s*\[.*\]\s*"


def _matches(field: Sequence[str], where: Sequence[Step]) -> bool:
    if field[-1] == ANY_DEPTH:
        field, where = field[:-1], where[: len(field) - 1]
    return len(field) == len(where) and all(
        part in (EVERY_FIELD, str(step)) for part, step in zip(field, where, strict=True)
    )
