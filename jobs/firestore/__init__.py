"""Firestore behind the store ports. Nothing else imports Google's Firestore package.

https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1
"""

from jobs.firestore.client import Firestore, connect_firestore
from jobs.firestore.dead_letters import FirestoreDeadLetterStore
from jobs.firestore.events import FirestoreEventStore
from jobs.firestore.jobs import FirestoreJobStore

__all__ = [
    "Firestore",
    "FirestoreDeadLetterStore",
    "FirestoreEventStore",
    "FirestoreJobStore",
    "connect_firestore",
]
