"""All the stores of one Firestore database."""

from jobs.gcp.firestore.client import Firestore
from jobs.gcp.firestore.dead_letters import FirestoreDeadLetterStore
from jobs.gcp.firestore.events import FirestoreEventStore
from jobs.gcp.firestore.jobs import FirestoreJobStore
from jobs.gcp.firestore.schedules import FirestoreScheduleStore
from jobs.gcp.firestore.webhooks import FirestoreWebhookStore
from jobs.stores import Stores


def stores_in(firestore: Firestore) -> Stores:
    return Stores(
        jobs=FirestoreJobStore(firestore),
        dead_letters=FirestoreDeadLetterStore(firestore),
        events=FirestoreEventStore(firestore),
        webhooks=FirestoreWebhookStore(firestore),
        schedules=FirestoreScheduleStore(firestore),
    )
