"""How paths are read.

https://google.aip.dev/136 has custom methods as `:verb` behind a resource's name.
"""

from flask import Flask
from werkzeug.routing import BaseConverter


class JobIdConverter(BaseConverter):
    """Anything but a last `:verb`, so that what can't be an id is still answered as a job.

    Slashes are taken too: a wrong id is a job that is not there, whatever it is made of.
    """

    part_isolating = False
    regex = r"(?:[^:]|:(?![A-Za-z]+$))+"


def read_paths(app: Flask) -> None:
    """Must come before the routes."""
    app.url_map.converters["job_id"] = JobIdConverter
    # A doubled slash is a wrong path like any other, rather than a redirect.
    app.url_map.merge_slashes = False
