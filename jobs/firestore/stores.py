"""All the stores of one Firestore database."""

from jobs.firestore.client import Firestore
from jobs.firestore.dead_letters import FirestoreDeadLetterStore
from jobs.firestore.events import FirestoreEventStore
from jobs.firestore.jobs import FirestoreJobStore
from jobs.firestore.schedules import FirestoreScheduleStore
from jobs.firestore.webhooks import FirestoreWebhookStore
from jobs.stores import Stores


def stores_in(firestore: Firestore) -> Stores:
    return Stores(
        jobs=FirestoreJobStore(firestore),
        letters=FirestoreDeadLetterStore(firestore),
        events=FirestoreEventStore(firestore),
        webhooks=FirestoreWebhookStore(firestore),
        schedules=FirestoreScheduleStore(firestore),
    )
