"""What gunicorn starts: `gunicorn -c local/cloud/gunicorn.conf.py 'local.cloud.main:build()'`."""

from flask import Flask

from jobs.log import start_logging
from local.cloud.cloud import LocalCloud
from local.cloud.firestore import register
from local.cloud.pubsub import PubsubEmulator
from local.cloud.push import subscriptions
from local.cloud.settings import CloudSettings


def build() -> Flask:
    """The local cloud around the emulators that the environment names."""
    settings = CloudSettings.from_environment()
    start_logging(settings.project)
    emulator = PubsubEmulator(settings.project, settings.pubsub_emulator)
    for subscription in subscriptions(settings.topic):
        emulator.create(subscription)
    if settings.events_topic:
        emulator.create_topic(settings.events_topic)
    cloud = LocalCloud(settings, emulator)
    for trigger in cloud.triggers:
        register(settings, trigger)
    cloud.start()
    cloud.app.extensions["stop"] = cloud.stop
    return cloud.app
