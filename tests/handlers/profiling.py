"""Profiles tables as the worker does."""

from pathlib import Path
from typing import Any

import duckdb
import msgspec

from handlers import REGISTRY
from handlers.tables.profile import Column, TableProfile
from jobs.context import Context
from tests.handlers.recording import a_context

JOB_TYPE = REGISTRY.get("table.profile")

CITIES = """\
city,country,inhabitants,area,founded,capital
Paris,FR,2102650,105.4,,true
Rome,IT,2746984,1285.0,0753-04-21,true
Lyon,FR,522250,47.87,0043-10-09,false
Oslo,NO,,454.0,1040-01-01,true
"""


def profiled(ctx: Context | None = None, **payload: Any) -> TableProfile:
    """As the worker does it: from the payload's JSON."""
    result = JOB_TYPE.run(JOB_TYPE.decode(msgspec.json.encode(payload)), ctx or a_context())
    assert isinstance(result, TableProfile)
    encoded = msgspec.json.encode(result)
    assert len(encoded) <= 256 * 1024
    assert msgspec.json.decode(encoded, type=TableProfile) == result
    return result


def columns_of(result: TableProfile) -> dict[str, Column]:
    return {column.name: column for column in result.columns}


def made(query: str, form: str, folder: Path) -> bytes:
    """A file that DuckDB itself wrote."""
    path = folder / "made"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY ({query}) TO '{path}' ({form})")
    return path.read_bytes()
