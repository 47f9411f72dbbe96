"""How paths are read.

https://google.aip.dev/136 has custom methods as `:verb` behind a resource's name.
"""

from typing import Final

from flask import Flask, request
from werkzeug.routing import BaseConverter

from api.http.errors import PathNotFound

COLLECTIONS: Final = ("deliveries", "events")
"""What stands behind an id and a slash. Else `DELETE /v1/jobs/ID/events` would be about a job."""


class JobIdConverter(BaseConverter):
    """Anything but a last `:verb`, so that what can't be an id is still answered as a job.

    Slashes are taken too, but for those before a collection of the resource's own: a wrong id is a
    job that is not there, whatever it is made of.
    """

    part_isolating = False
    regex = rf"(?:[^:/]|/(?!(?:{'|'.join(COLLECTIONS)})(?:/|$))|:(?![A-Za-z]+$))+"


def read_paths(app: Flask) -> None:
    """Must come before the routes."""
    app.url_map.converters["job_id"] = JobIdConverter
    # A doubled slash is a wrong path like any other, rather than a redirect.
    app.url_map.merge_slashes = False


def refuse_doubled_slashes(app: Flask) -> None:
    """Werkzeug drops slashes at the beginning: two paths that are one escape rules for either."""

    @app.before_request
    def refuse() -> None:
        if request.environ["PATH_INFO"].startswith("//"):
            raise PathNotFound
