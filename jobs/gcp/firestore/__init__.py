"""Firestore behind the store ports. Nothing else imports Google's Firestore package.

https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1
"""

from jobs.gcp.firestore.client import Firestore, connect_firestore
from jobs.gcp.firestore.dead_letters import FirestoreDeadLetterStore
from jobs.gcp.firestore.events import FirestoreEventStore
from jobs.gcp.firestore.jobs import FirestoreJobStore
from jobs.gcp.firestore.schedules import FirestoreScheduleStore
from jobs.gcp.firestore.stores import stores_in
from jobs.gcp.firestore.webhooks import FirestoreWebhookStore

__all__ = [
    "Firestore",
    "FirestoreDeadLetterStore",
    "FirestoreEventStore",
    "FirestoreJobStore",
    "FirestoreScheduleStore",
    "FirestoreWebhookStore",
    "connect_firestore",
    "stores_in",
]
