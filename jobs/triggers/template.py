"""Payloads with references to an event: `{"url": "{data.url}"}`. Pure; nothing is evaluated.

A reference is a path in braces: a root and the names below it, `{data.lines.0.sku}`. A name of
other characters than letters, digits, `_` and `-` is quoted: `{data."first name"}`. With a `?` at
its end what it names may be missing.

- A string that is one reference becomes what the reference names, whatever its type. If that may
  be missing and is, the field or element that the string stands for is left out.
- In a longer string references become text. In one that begins with `http://` or `https://` they
  are percent-encoded, as RFC 6570 expands `{var}`: no value can lead to another path or query.
- `{{` and `}}` stand for braces.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import msgspec

from jobs.payloads.secret_references import as_data

_STEP = r'(?:[A-Za-z0-9_-]+|"[^"]+")'
_PART = re.compile(
    rf"(?P<brace>{{{{|}}}})|{{(?P<path>{_STEP}(?:\.{_STEP})*)(?P<optional>\?)?}}|[{{}}]"
)
_STEPS = re.compile(_STEP)
_MISSING: Final = object()


class TemplateError(ValueError):
    """A template is not well-formed, or an event does not have what it refers to."""


def check(template: Any, roots: frozenset[str], path: str = "payload") -> None:
    """Raise `TemplateError` for a reference that no event can satisfy; `path` says where it is."""
    for where, text in strings(template, path):
        for found in _PART.finditer(text):
            if found["brace"]:
                continue
            if not found["path"]:
                raise TemplateError(
                    f"{where}: a brace alone; write {{{{ for one, or a reference like {{data.url}}"
                )
            if (root := _steps(found["path"])[0]) not in roots:
                known = ", ".join(sorted(roots))
                raise TemplateError(f"{where}: there is no {root!r} in this event, only {known}")


def strings(template: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every string of the template that may hold references, with where it is."""
    if isinstance(template, str):
        yield path, template
    elif isinstance(template, Mapping):
        for name, item in template.items():
            yield from strings(item, f"{path}.{name}")
    elif isinstance(template, list):
        for number, item in enumerate(template):
            yield from strings(item, f"{path}[{number}]")


def has_reference(text: str) -> bool:
    return any(found["path"] for found in _PART.finditer(text))


def filled(template: Any, event: Mapping[str, Any]) -> Any:
    """The template with what the event has. Raises `TemplateError` for what it does not have."""
    return _filled(template, lambda path, optional: _found(event, path, optional=optional))


def _data(value: Any) -> Any:
    """A value of the event's, of which nothing is taken for a reference to a secret."""
    return value if value is _MISSING else as_data(value)


def sample(template: Any, value: str) -> Any:
    """The template with this value for every reference."""
    return _filled(template, lambda _path, _optional: value)


_Look = Callable[[str, bool], Any]


def _filled(template: Any, look: _Look) -> Any:
    if isinstance(template, str):
        whole = _PART.fullmatch(template)
        if whole and whole["path"]:
            return _data(look(whole["path"], bool(whole["optional"])))
        return _text(template, look)
    if isinstance(template, Mapping):
        made = {name: _filled(item, look) for name, item in template.items()}
        return {name: item for name, item in made.items() if item is not _MISSING}
    if isinstance(template, list):
        return [item for each in template if (item := _filled(each, look)) is not _MISSING]
    return template


def _text(template: str, look: _Look) -> str:
    is_url = template.startswith(("http://", "https://"))

    def written(found: re.Match[str]) -> str:
        if found["brace"]:
            return found["brace"][0]
        value = look(found["path"], bool(found["optional"]))
        text = "" if value is _MISSING else _as_text(value, found["path"])
        return quote(text, safe="") if is_url else text

    return _PART.sub(written, template)


def _as_text(value: Any, path: str) -> str:
    plain = msgspec.to_builtins(value)
    if isinstance(plain, str):
        return plain
    if plain is None or isinstance(plain, Mapping | list):
        raise TemplateError(f"{{{path}}} is no text but {_kind(plain)}")
    return msgspec.json.encode(plain).decode()


def _found(event: Mapping[str, Any], path: str, *, optional: bool) -> Any:
    value: Any = event
    for step in _steps(path):
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif _is_list(value) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        elif optional:
            return _MISSING
        else:
            raise TemplateError(f"the event has no {{{path}}}")
    return value


def _steps(path: str) -> list[str]:
    return [step.strip('"') for step in _STEPS.findall(path)]


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    return "an object" if isinstance(value, Mapping) else "a list"
