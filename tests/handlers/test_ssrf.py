"""Attacks through URLs: none gets a connection to what is not public."""

from datetime import timedelta

import pytest

from handlers import outbound
from jobs.context import Context, PermanentError
from tests.handlers.network import Network
from tests.handlers.recording import a_context
from tests.handlers.web import Web

PUBLIC = "93.184.215.14"
OTHER_PUBLIC = "93.184.215.15"

NAMES = {
    "private.test": [["10.0.0.5"]],
    "loopback.test": [["127.0.0.1"]],
    "metadata.google.internal": [["169.254.169.254"]],
    "mixed.test": [[PUBLIC, "192.168.1.1"]],
    "mapped.test": [["::ffff:10.0.0.1"]],
    "nat64.test": [["64:ff9b::a00:1"]],
    "unique-local.test": [["fd20:ce::254"]],
    "127.0.0.1.nip.test": [["127.0.0.1"]],
}

SPELLINGS = [
    # Loopback, in every spelling that a resolver takes.
    "http://127.0.0.1/",
    "http://127.0.0.1:8080/",
    "http://127.0.0.1./",
    "http://127.1/",
    "http://127.0.1/",
    "http://127.255.255.254/",
    "http://0/",
    "http://0.0.0.0/",
    "http://0x0/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0x7f000001/",
    "http://0X7F000001/",
    "http://0x7f.0.0.1/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://0177.0.0.01/",
    "http://00000177.1/",
    "http://0x7f.0x0.0x0.0x1/",
    "http://localhost/",
    "http://LOCALHOST/",
    "http://localhost./",
    "http://loopback.test/",
    "http://127.0.0.1.nip.test/",
    # The same in Unicode, which IDNA turns into the above.
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http://127．0．0．1/",  # noqa: RUF001 - full-width dots are the point
    "http://１２７.0.0.1/",  # noqa: RUF001 - full-width digits are the point
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "http://ｌｏｃａｌｈｏｓｔ/",  # noqa: RUF001 - full-width letters are the point
    "http://²130706433/",
    # Private and special ranges.
    "http://10.0.0.1/",
    "http://10.1/",
    "http://167772161/",
    "http://0xa.0.0.1/",
    "http://012.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://192.168.257/",
    "http://0xc0a80001/",
    "http://100.64.0.1/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://private.test/",
    "http://mixed.test/",
    # The metadata servers.
    "http://169.254.169.254/computeMetadata/v1/",
    "http://169.254.43518/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0xa9.0xfe.0xa9.0xfe/",
    "http://0251.0376.0251.0376/",
    "http://025177524776/",
    "http://169.254.169.254./",
    "http://①⑥⑨。②⑤④。①⑥⑨。②⑤④/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://METADATA.google.internal./",
    "http://[fd20:ce::254]/",
    "http://unique-local.test/",
    "http://100.100.100.200/",
    "http://192.0.0.192/",
    # IPv6, and IPv4 inside of it.
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[0000::0001]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::FFFF:7f00:1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[0:0:0:0:0:ffff:10.0.0.1]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a9fe:a9fe::1]/",
    "http://[2001:0:a9fe:a9fe::1]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "http://mapped.test/",
    "http://nat64.test/",
    # What two parsers may read differently.
    "http://example.com@127.0.0.1/",
    "http://127.0.0.1#@example.com/",
    "http://127.0.0.1?@example.com/",
    "http://example.com\\@127.0.0.1/",
    "http://example.com%00.127.0.0.1/",
    "http://127.0.0.1%09/",
    "http://127.0.0.1:80@example.com/",
    "http://[::1]@example.com/",
    "http://[::1%25lo]/",
    "http:127.0.0.1/",
    "http:/127.0.0.1/",
    "http:///127.0.0.1/",
    "http://127.0.0.1\t/",
    "\nhttp://127.0.0.1/",
    # Other schemes.
    "file:///etc/passwd",
    "ftp://127.0.0.1/",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "dict://127.0.0.1:11211/stats",
    "unix:///var/run/docker.sock",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
    "jar:http://127.0.0.1!/",
    "ldap://127.0.0.1/",
]


def call(ctx: Context, url: str, redirects: int = 0) -> int:
    with outbound.request(ctx, url, timeout=timedelta(seconds=20), redirects=redirects) as response:
        return response.status


def test_there_are_many_spellings() -> None:
    """The list covers the sixty that issue 4 asks for, each once."""
    assert len(set(SPELLINGS)) == len(SPELLINGS) >= 60


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("url", SPELLINGS)
def test_what_is_not_public_gets_no_connection(network: Network, url: str, scheme: str) -> None:
    """Refused for good, before a socket is opened, however the address is written."""
    network.names = NAMES
    url = url.replace("http:", f"{scheme}:", 1)

    with pytest.raises(PermanentError):
        call(a_context(), url)

    assert network.connected == []


def test_a_public_address_gets_one(network: Network, web: Web) -> None:
    """The control: the same way leads to a server if its address is public."""
    network.names = {"public.test": [[PUBLIC]]}
    network.diverted = {PUBLIC: web.port}
    web.answer("/", b"hello")

    assert call(a_context(), "http://public.test/") == 200

    assert network.connected == [PUBLIC]
    assert web.received[0].headers["host"] == "public.test"


def test_a_name_that_means_something_else_the_second_time_gains_nothing(
    network: Network, web: Web
) -> None:
    """DNS rebinding: the address that was checked is the one that is connected to."""
    network.names = {"rebinding.test": [[PUBLIC], ["127.0.0.1"]]}
    network.diverted = {PUBLIC: web.port}
    web.answer("/", b"hello")

    assert call(a_context(), f"http://rebinding.test:{web.port}/") == 200

    assert network.looked_up == ["rebinding.test"]
    assert network.connected == [PUBLIC]


def test_a_name_that_means_something_else_after_a_redirect_is_refused(
    network: Network, web: Web
) -> None:
    """Each hop is checked anew, also one to the same name."""
    network.names = {"rebinding.test": [[PUBLIC], ["127.0.0.1"]]}
    network.diverted = {PUBLIC: web.port}
    url = f"http://rebinding.test:{web.port}/"
    web.answer("/", status=302, headers={"Location": url})

    with pytest.raises(PermanentError, match="not a public host"):
        call(a_context(), url, redirects=5)

    assert network.looked_up == ["rebinding.test", "rebinding.test"]
    assert network.connected == [PUBLIC]


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token",
        "//169.254.169.254/",
        "http://localhost:1/",
        "http://[::ffff:10.0.0.1]/",
        "http://2130706433/",
        "http://private.test/",
        "http://user:password@public.test/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://[broken/",
        "http://public.test /",
    ],
)
def test_a_redirect_to_what_is_not_public_is_not_followed(
    network: Network, web: Web, location: str
) -> None:
    """A public server can't send the worker where its caller could not."""
    network.names = {"public.test": [[PUBLIC]], **NAMES}
    network.diverted = {PUBLIC: web.port}
    web.answer("/", status=302, headers={"Location": location})

    with pytest.raises(PermanentError):
        call(a_context(), "http://public.test/", redirects=5)

    assert network.connected == [PUBLIC]


def test_one_address_that_is_not_public_spoils_the_name(network: Network) -> None:
    """A name with public and private addresses is refused, whichever would be tried first."""
    network.names = {"mixed.test": [[PUBLIC, "10.0.0.1"]]}

    with pytest.raises(PermanentError):
        call(a_context(), "http://mixed.test/")

    assert network.connected == []


def test_the_next_address_is_tried_when_one_fails(network: Network, web: Web) -> None:
    """A host with several public addresses is reached through any of them."""
    network.names = {"public.test": [[PUBLIC, OTHER_PUBLIC]]}
    with Web().serving() as gone:
        pass
    network.diverted = {PUBLIC: gone.port, OTHER_PUBLIC: web.port}
    web.answer("/")

    assert call(a_context(), "http://public.test/") == 200

    assert network.connected == [PUBLIC, OTHER_PUBLIC]


def test_an_allowed_host_is_allowed_by_name_and_port_only(web: Web, ctx: Context) -> None:
    """An exception for one name and port is none for another name, or another port."""
    web.answer("/")

    assert call(ctx, web.url("/")) == 200

    with pytest.raises(PermanentError):
        call(ctx, web.url("/", host="localhost"))
    with pytest.raises(PermanentError):
        call(ctx, "http://127.0.0.1:1/")


def test_what_is_refused_is_not_described(network: Network) -> None:
    """The message says no address: that would tell a caller what internal names resolve to."""
    network.names = NAMES

    with pytest.raises(PermanentError) as refused:
        call(a_context(), "http://private.test/")

    assert str(refused.value) == "private.test is not a public host, so it is not called."
    assert refused.value.__cause__ is None


def test_proxies_of_the_environment_are_not_used(
    network: Network, web: Web, ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would look names up again, behind the check."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://10.0.0.1:3128")
    web.answer("/")

    assert call(ctx, web.url("/")) == 200

    assert network.connected == ["127.0.0.1"]
