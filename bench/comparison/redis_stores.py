"""Looks at what Celery and RQ keep in Redis, from the process that measures."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from redis import Redis
from rq.job import Job

from bench.comparison.system import has_succeeded
from local.ports import LOOPBACK


class RedisStore:
    def __init__(self, port: int) -> None:
        self._redis = Redis(host=LOOPBACK, port=port)

    @property
    def address(self) -> str:
        """Where its one connection comes from."""
        return str(self._redis.client_info()["addr"])

    def close(self) -> None:
        self._redis.close()


class CeleryStore(RedisStore):
    """Celery's result backend. The moment is the worker's `date_done`, just before it is saved."""

    def finished(self, job_ids: Collection[str]) -> Mapping[str, float]:
        if not job_ids:
            return {}
        texts: Any = self._redis.mget([f"celery-task-meta-{job_id}" for job_id in job_ids])
        found = (json.loads(text) for text in texts if text)
        return {
            meta["task_id"]: datetime.fromisoformat(meta["date_done"]).timestamp()
            for meta in found
            if has_succeeded(meta["status"])
        }


class RqStore(RedisStore):
    """RQ's job hashes. The moment is the worker's `ended_at`, just before it is saved."""

    def finished(self, job_ids: Collection[str]) -> Mapping[str, float]:
        pipeline = self._redis.pipeline(transaction=False)
        ids = list(job_ids)
        for job_id in ids:
            pipeline.hmget(Job.key_for(job_id), "status", "ended_at")
        return {
            job_id: datetime.fromisoformat(ended.decode()).timestamp()
            for job_id, (status, ended) in zip(ids, pipeline.execute(), strict=True)
            if status and has_succeeded(status.decode())
        }
