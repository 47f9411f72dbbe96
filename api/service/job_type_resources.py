"""The JSON of job types."""

from typing import Annotated, Any, Self

import msgspec
from msgspec import Meta

from jobs.job.retry import RetryPolicy
from jobs.job_types import JobType


class JobTypeResource(msgspec.Struct, frozen=True, kw_only=True):
    """A job type: what its payload and result look like, and how it is run."""

    name: str
    description: str
    payload_schema: Annotated[dict[str, Any], Meta(description="JSON Schema 2020-12.")]
    result_schema: Annotated[dict[str, Any], Meta(description="JSON Schema 2020-12.")]
    example: Annotated[Any, Meta(description="A payload that this job type takes.")]
    retry: RetryPolicy
    timeout_seconds: Annotated[float, Meta(description="For one attempt.")]
    keep_days: Annotated[float, Meta(description="How long a finished job is kept.")]

    @classmethod
    def of(cls, kind: JobType[Any, Any]) -> Self:
        return cls(
            name=kind.name,
            description=kind.description,
            payload_schema=msgspec.json.schema(kind.payload_type),
            result_schema=msgspec.json.schema(kind.result_type),
            example=_brief(kind.example),
            retry=kind.retry,
            timeout_seconds=kind.timeout.total_seconds(),
            keep_days=kind.keep_for.total_seconds() / 86_400,
        )


def _brief(example: Any) -> Any:
    """The example as a caller would write it, without what is the default anyway."""
    if not isinstance(example, msgspec.Struct):
        return example
    said = {}
    for field in msgspec.structs.fields(example):
        factory = field.default_factory
        default = field.default if factory is msgspec.NODEFAULT else factory()
        if (value := getattr(example, field.name)) != default:
            said[field.encode_name] = value
    return said


class JobTypeList(msgspec.Struct, frozen=True, kw_only=True):
    job_types: list[JobTypeResource]
