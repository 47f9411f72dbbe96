"""The variables that settings are read from: the form of each, and what is said of a wrong one."""

import re
from collections.abc import Mapping

from jobs.errors import SettingsError
from jobs.payloads.buckets import BUCKET_PATTERN
from jobs.payloads.secret_bindings import NAMES_PATTERN

_NAME = (r"[^\s/]+", "a name without blanks and slashes")
_ADDRESS = (r"(\[[0-9a-fA-F:.]+\]|[^\s:/,\[\]]+):\d{1,5}", "of the form host:port")
_ORIGIN = r"https?://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?"
_URL = (r"https?://[^\s/]\S*", "an http or https URL")
_ACCOUNT = (r"[^\s@]+@[^\s@]+", "the email of a service account")
_FORMS = {
    "GOOGLE_CLOUD_PROJECT": _NAME,
    "DORMOUSE_DATABASE": _NAME,
    "DORMOUSE_TOPIC": _NAME,
    "DORMOUSE_EVENTS_TOPIC": _NAME,
    "DORMOUSE_HANDLERS": (r"\w+(\.\w+)*", "the name of a Python module"),
    "DORMOUSE_CERTIFICATES_URL": _URL,
    "FIRESTORE_EMULATOR_HOST": _ADDRESS,
    "STORAGE_EMULATOR_HOST": (r"https?://[^\s/]+/?", "a URL like http://127.0.0.1:9023"),
    "GCE_METADATA_HOST": (r"[^\s/]+", "a host, or host:port"),
    "PUBSUB_EMULATOR_HOST": _ADDRESS,
    "DORMOUSE_API_AUDIENCES": (r"(?s:.*[^\s,].*)", "one or more audiences, separated by commas"),
    "DORMOUSE_PUSH_ACCOUNT": _ACCOUNT,
    "DORMOUSE_SCHEDULER_ACCOUNT": _ACCOUNT,
    "DORMOUSE_EVENTARC_ACCOUNT": _ACCOUNT,
    "DORMOUSE_GATEWAY_ACCOUNT": _ACCOUNT,
    "DORMOUSE_FIREBASE_PROJECT": _NAME,
    "DORMOUSE_CORS_ORIGINS": (
        rf"{_ORIGIN}(\s*,\s*{_ORIGIN})*\s*,?",
        "origins like https://app.example.com, separated by commas",
    ),
    "DORMOUSE_SIGNATURE_CHECKED_BY_CLOUD_RUN": ("true|false", "true or false"),
    "DORMOUSE_SECRETS": (
        rf"(?s:{NAMES_PATTERN})",
        "names of letters, digits, - and _, separated by commas, or a JSON list of bindings",
    ),
    "OTEL_EXPORTER_OTLP_ENDPOINT": _URL,
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": _URL,
    "OTEL_EXPORTER_OTLP_PROTOCOL": ("http/protobuf",) * 2,
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": ("http/protobuf",) * 2,
    "DORMOUSE_BUCKETS": (
        rf"{BUCKET_PATTERN}(\s*,\s*{BUCKET_PATTERN})*\s*,?",
        "names of Cloud Storage buckets, separated by commas",
    ),
    "DORMOUSE_ALLOWED_HOSTS": (
        rf"{_ADDRESS[0]}(\s*,\s*{_ADDRESS[0]})*\s*,?",
        "host:port pairs, separated by commas",
    ),
}
"""The form of a variable, as a pattern and in words. What is not here is taken as it is."""


class Variables:
    """An environment. Every method raises `SettingsError` for a value of the wrong form."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def optional(self, name: str) -> str:
        """The value without blanks around it, or nothing."""
        text = self._environment.get(name, "").strip()
        pattern, form = _FORMS.get(name, ("", ""))
        if text and pattern and not re.fullmatch(pattern, text):
            raise SettingsError(f"{name} must be {form}, not {text!r}.")
        return text

    def required(self, name: str) -> str:
        """The value. Raises `SettingsError` if there is none."""
        if not (value := self.optional(name)):
            raise SettingsError(f"{name} is not set. See docs/settings.md.")
        return value

    def number(self, name: str, default: int, *, at_least: int) -> int:
        """A whole number."""
        text = self.optional(name)
        if not text:
            return default
        if not text.isdecimal() or int(text) < at_least:
            raise SettingsError(f"{name} must be a whole number from {at_least} up, not {text!r}.")
        return int(text)


def words_of(text: str) -> tuple[str, ...]:
    """What is separated by commas."""
    return tuple(word.strip() for word in text.split(",") if word.strip())
