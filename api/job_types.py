"""/v1/job-types: what kinds of work there are."""

from flask import Blueprint

from api.dependencies import deps
from api.operation import operation
from api.resources import JobTypeList, JobTypeResource
from jobs.errors import DormouseError, UnknownJobType

routes = Blueprint("job_types", __name__)
TAG = "Job types"


class JobTypeNotFound(DormouseError):
    """There is no such job type."""

    code = "job_type_not_found"


@routes.get("/v1/job-types")
@operation("List job types", tag=TAG, answer=JobTypeList)
def list_job_types() -> JobTypeList:
    """Every job type with the schemas of its payload and result."""
    return JobTypeList(job_types=[JobTypeResource.of(kind) for kind in deps().registry])


@routes.get("/v1/job-types/<name>")
@operation("Get a job type", tag=TAG, answer=JobTypeResource, problems=(JobTypeNotFound,))
def get_job_type(name: str) -> JobTypeResource:
    """One job type by its name."""
    try:
        return JobTypeResource.of(deps().registry.get(name))
    except UnknownJobType as error:
        raise JobTypeNotFound(str(error)) from error
