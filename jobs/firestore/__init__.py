"""Firestore behind the store ports. Nothing else imports Google's Firestore package.

https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1
"""

from jobs.firestore.client import Firestore, connect_firestore
from jobs.firestore.dead_letters import FirestoreDeadLetterStore
from jobs.firestore.events import FirestoreEventStore
from jobs.firestore.jobs import FirestoreJobStore
from jobs.firestore.schedules import FirestoreScheduleStore
from jobs.firestore.stores import stores_in
from jobs.firestore.webhooks import FirestoreWebhookStore

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
