"""What gunicorn starts: `gunicorn -c local/cloud/gunicorn.conf.py 'local.cloud.main:build()'`."""

from pathlib import Path

from flask import Flask

from jobs.telemetry.log import start_logging
from jobs.triggers.file import parse
from local.cloud.cloud import LocalCloud
from local.cloud.firestore import register
from local.cloud.pubsub import PubsubEmulator
from local.cloud.push import subscriptions
from local.cloud.settings import CloudSettings
from local.cloud.triggers import document_triggers, topic_subscriptions


def build() -> Flask:
    """The local cloud around the emulators that the environment names."""
    settings = CloudSettings.from_environment()
    start_logging(settings.project)
    triggers = parse(
        Path(settings.triggers).read_text(encoding="utf-8"), settings.triggers
    ).values()
    emulator = PubsubEmulator(settings.project, settings.pubsub_emulator)
    for subscription in (*subscriptions(settings.topic), *topic_subscriptions(triggers)):
        emulator.create(subscription)
    if settings.events_topic:
        emulator.create_topic(settings.events_topic)
    cloud = LocalCloud(settings, emulator, triggers=triggers)
    for trigger in document_triggers(triggers):
        register(settings, trigger)
    cloud.start()
    cloud.app.extensions["stop"] = cloud.stop
    return cloud.app
