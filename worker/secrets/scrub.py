"""Keeps the values of secrets out of what a handler says: results, errors, progress, log lines."""

import logging
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from jobs.context import Link
from jobs.job.model import Progress
from jobs.payloads import exact_json
from worker.attempts.outcome import Failed, HandlerOutcome, Succeeded
from worker.secrets.disguises import forms
from worker.secrets.secret_files import MIN_LENGTH

MARK = "[secret]"
"""As short as the shortest value, so that no text grows beyond its bounds."""


class Scrubber:
    """Replaces every value that was resolved for one attempt.

    Found is every form of `disguises.forms`, and a beginning of one at the end of a text that was
    cut. A handler that disguises a value otherwise is not caught: this is the second line. The
    first is that a secret may stand in certain fields only.
    """

    def __init__(self, values: Iterable[str]) -> None:
        found = {form for value in values for form in forms(value) if len(form) >= MIN_LENGTH}
        self._forms = sorted(found, key=len, reverse=True)

    def text(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, MARK)
        for form in self._forms:
            text = _without_cut(text, form)
        return text

    def json(self, text: str) -> str:
        """A JSON text without the values; byte for byte the same if none is in it."""
        before = exact_json.read(text)
        after = self.data(before)
        return text if after == before else exact_json.write(after).decode()

    def data(self, value: Any) -> Any:
        """Plain data without the values. A number that is one becomes a text."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.data(item) for item in value]
        if isinstance(value, dict):
            return {self.data(name): self.data(item) for name, item in value.items()}
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            text = str(value)
            return value if self.text(text) == text else self.text(text)
        return value

    def outcome(self, outcome: HandlerOutcome) -> HandlerOutcome:
        if isinstance(outcome, Succeeded):
            return Succeeded(self.json(outcome.result))
        if isinstance(outcome, Failed):
            error = msgspec.convert(
                self.data(msgspec.to_builtins(outcome.error)), type(outcome.error)
            )
            return Failed(error, permanent=outcome.permanent, delay=outcome.delay)
        return outcome

    @contextmanager
    def over_the_log(self) -> Iterator[None]:
        """Scrub what this process logs meanwhile, whoever logs it."""
        handlers = list(logging.getLogger().handlers)
        for handler in handlers:
            handler.addFilter(self._scrub_record)
        try:
            yield
        finally:
            for handler in handlers:
                handler.removeFilter(self._scrub_record)

    def _scrub_record(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if record.exc_info:
            # Formatted here, as the formatter would take the exception's own text.
            message += "\n" + "".join(traceback.format_exception(*record.exc_info))
        record.msg, record.args, record.exc_info = self.text(message), (), None
        record.exc_text = record.stack_info = None
        record.__dict__.update(
            {name: self.data(value) for name, value in record.__dict__.items() if name == "fields"}
        )
        return True


class ScrubbedLink:
    """A link that lets no value through."""

    def __init__(self, link: Link, scrubber: Scrubber) -> None:
        self._link = link
        self._scrubber = scrubber

    def report(self, progress: Progress) -> None:
        message = self._scrubber.text(progress.message)
        self._link.report(Progress(fraction=progress.fraction, message=message))

    def check(self) -> None:
        self._link.check()

    def remember(self, checkpoint: str) -> None:
        self._link.remember(self._scrubber.json(checkpoint))

    def say(self, time: datetime, level: str, text: str) -> None:
        self._link.say(time, level, self._scrubber.text(text))


def _without_cut(text: str, form: str) -> str:
    """The text without a beginning of the form at its end, where it was cut."""
    start = max(0, len(text) - len(form))
    while (start := text.find(form[:MIN_LENGTH], start)) >= 0:
        if form.startswith(text[start:]):
            return text[:start] + MARK
        start += 1
    return text
