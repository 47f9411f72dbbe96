"""The API as gunicorn starts it, but that it writes down how often it reads a document."""

import os
from pathlib import Path
from typing import Any
from unittest.mock import patch

import grpc
from flask import Flask

from api import main
from jobs.gcp.firestore import connect_firestore
from jobs.settings.settings import Settings

READS = "TEST_READS_FILE"


class CountedReads(grpc.UnaryUnaryClientInterceptor):
    """Adds a byte to a file for each read: whoever holds the file counts those of all processes."""

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        if details.method.endswith("/GetDocument"):
            with Path(os.environ[READS]).open("ab") as file:
                file.write(b".")
        return continuation(details, request)


def _connect(settings: Settings) -> grpc.Channel:
    return grpc.intercept_channel(connect_firestore(settings), CountedReads())


def build() -> Flask:
    with patch.object(main, "connect_firestore", _connect):
        return main.build()
