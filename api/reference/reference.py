"""The document and the page of one application, made when they are first asked for."""

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
from flask import Flask

from jobs.job_types import Registry

if TYPE_CHECKING:
    from api.reference.page import Page
    from api.reference.schemas import Schema


class Reference:
    """Making them takes time that a cold start need not spend."""

    def __init__(self, app: Flask, registry: Registry) -> None:
        self._app = app
        self._registry = registry

    @cached_property
    def openapi(self) -> "Schema":
        from api.reference.openapi import openapi  # noqa: PLC0415 - not for a cold start

        return openapi(self._app, self._registry)

    @cached_property
    def document(self) -> bytes:
        """The OpenAPI document as JSON."""
        return msgspec.json.encode(self.openapi)

    @cached_property
    def page(self) -> "Page":
        from api.reference.page import make_page  # noqa: PLC0415 - not for a cold start

        return make_page(self.openapi)
