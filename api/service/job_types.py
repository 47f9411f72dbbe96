"""/v1/job-types: what kinds of work there are."""

from flask import Blueprint

from api.dependencies import deps
from api.http.errors import JobTypeNotFound
from api.http.operation import Operation
from api.http.values import JobTypeName
from api.service.job_type_resources import JobTypeList, JobTypeResource
from jobs.errors import UnknownJobType

routes = Blueprint("job_types", __name__)
TAG = "Job types"


@routes.get("/v1/job-types")
@Operation(summary="List job types", tag=TAG, answer=JobTypeList)
def list_job_types() -> JobTypeList:
    """Every job type with the schemas of its payload and result."""
    return JobTypeList(job_types=[JobTypeResource.of(kind) for kind in deps().registry.offered])


@routes.get("/v1/job-types/<name>")
@Operation(summary="Get a job type", tag=TAG, answer=JobTypeResource, problems=(JobTypeNotFound,))
def get_job_type(name: JobTypeName) -> JobTypeResource:
    """One job type by its name."""
    try:
        return JobTypeResource.of(deps().registry.offered.get(name))
    except UnknownJobType as error:
        raise JobTypeNotFound(str(error)) from error
