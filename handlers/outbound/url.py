"""What a URL says, taken apart once, so that nothing later can read it in another way."""

import re
from ipaddress import IPv6Address
from urllib.parse import SplitResult, quote, urlsplit

import msgspec

MAX_URL_LENGTH = 8192
_PORTS = {"http": 80, "https": 443}
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")
_LAST_PORT = 65535
_AUTHORITY = re.compile(
    r"(?:\[(?P<ipv6>[0-9a-f:.]+)\]|(?P<name>[^\[\]:%]+))(?::(?P<port>[0-9]{0,5}))?", re.IGNORECASE
)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*\.?", re.ASCII)
_PATH_KEPT = "/%:@!$&'()*+,;=~"


class Url(msgspec.Struct, frozen=True, kw_only=True):
    """A place on a server. `host` is ASCII, in lower case, IPv6 without brackets."""

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def parse(cls, text: str) -> "Url":
        """Raises `ValueError`, whose text names what is wrong. A name in Unicode becomes IDNA."""
        parts, host, port = _take_apart(text)
        if not host.isascii():
            host = _to_ascii(host)
        path = quote(parts.path or "/", safe=_PATH_KEPT)
        query = quote(parts.query, safe=_PATH_KEPT + "?[]")
        return cls(
            scheme=parts.scheme,
            host=host,
            port=port,
            # A signed URL is its bytes, a lone `?` included.
            target=f"{path}?{query}" if "?" in text.partition("#")[0] else path,
        )

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: what credentials are meant for (RFC 6454)."""
        return self.scheme, self.host, self.port

    @property
    def host_and_port(self) -> str:
        """As a deployment's allowed hosts are written."""
        return f"{self._bracketed}:{self.port}"

    @property
    def host_header(self) -> str:
        return self._bracketed if self.port == _PORTS[self.scheme] else self.host_and_port

    @property
    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host_header}{self.target}"


def check_url(text: str) -> None:
    """Raise `ValueError` if the text can't be the URL of an outbound call. Looks nothing up."""
    _take_apart(text)


def _take_apart(text: str) -> tuple[SplitResult, str, int]:
    if len(text) > MAX_URL_LENGTH:
        raise ValueError(f"the URL is longer than {MAX_URL_LENGTH} characters")
    if _FORBIDDEN.search(text):
        raise ValueError("the URL has a space, a control character or a backslash in it")
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise ValueError("the URL is not well-formed") from error
    if parts.scheme not in _PORTS:
        raise ValueError("the URL must begin with https:// or http://")
    if "@" in parts.netloc:
        raise ValueError("the URL must hold no credentials; send them in a header")
    if not (found := _AUTHORITY.fullmatch(parts.netloc)):
        raise ValueError("the URL's host or port is not well-formed")
    port = int(found["port"] or _PORTS[parts.scheme])
    if not 1 <= port <= _LAST_PORT:
        raise ValueError(f"the URL's port must be between 1 and {_LAST_PORT}")
    if found["ipv6"]:
        return parts, _ipv6(found["ipv6"]), port
    name = found["name"].lower()
    return parts, _checked_name(name) if name.isascii() else name, port


def _ipv6(host: str) -> str:
    try:
        return str(IPv6Address(host))
    except ValueError as error:
        raise ValueError("the URL's host is no IPv6 address") from error


def _checked_name(host: str) -> str:
    if not _NAME.fullmatch(host):
        raise ValueError("the URL's host is no valid name")
    return host.removesuffix(".")


def _to_ascii(host: str) -> str:
    import idna  # noqa: PLC0415 - the API validates payloads without it

    try:
        ascii_host = idna.encode(host, uts46=True, std3_rules=True).decode("ascii")
    except UnicodeError as error:
        raise ValueError("the URL's host is no valid international name (IDNA 2008)") from error
    return _checked_name(ascii_host.lower())
