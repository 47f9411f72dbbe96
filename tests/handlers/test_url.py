import pytest

from handlers.outbound.url import MAX_URL_LENGTH, Url, check_url


@pytest.mark.parametrize(
    ("text", "scheme", "host", "port", "target"),
    [
        ("https://example.com", "https", "example.com", 443, "/"),
        ("HTTP://Example.COM:80/A", "http", "example.com", 80, "/A"),
        ("https://example.com.:8443/a?b=c#d", "https", "example.com", 8443, "/a?b=c"),
        ("https://example.com?q=1", "https", "example.com", 443, "/?q=1"),
        ("https://example.com:/", "https", "example.com", 443, "/"),
        ("https://[2001:4860:4860:0::8888]/", "https", "2001:4860:4860::8888", 443, "/"),
        ("https://example.com/caf%C3%A9", "https", "example.com", 443, "/caf%C3%A9"),
        ("https://example.com/café?ü=ö", "https", "example.com", 443, "/caf%C3%A9?%C3%BC=%C3%B6"),
        ('https://example.com/"<>', "https", "example.com", 443, "/%22%3C%3E"),
        ("https://bücher.example/", "https", "xn--bcher-kva.example", 443, "/"),
        ("https://faß.example/", "https", "xn--fa-hia.example", 443, "/"),
        ("https://some_host.example/", "https", "some_host.example", 443, "/"),
    ],
)
def test_a_url_is_taken_apart(text: str, scheme: str, host: str, port: int, target: str) -> None:
    """Scheme, host, port and target are what goes over the wire."""
    assert Url.parse(text) == Url(scheme=scheme, host=host, port=port, target=target)


@pytest.mark.parametrize(
    ("text", "host_header", "host_and_port"),
    [
        ("https://example.com/", "example.com", "example.com:443"),
        ("http://example.com:443/", "example.com:443", "example.com:443"),
        ("http://[2606:4700::1]:8080/", "[2606:4700::1]:8080", "[2606:4700::1]:8080"),
    ],
)
def test_a_url_names_its_host(text: str, host_header: str, host_and_port: str) -> None:
    """The Host header leaves the usual port out; an allowed host always has one."""
    url = Url.parse(text)
    assert (url.host_header, url.host_and_port) == (host_header, host_and_port)
    assert Url.parse(str(url)) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com",
        "//example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "javascript:alert(1)",
        "data:text/plain,hello",
        "http:///path",
        "http://",
        "http://:80/",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:-1/",
        "https://example.com:eighty/",
        "https://example.com /",
        " https://example.com/",
        "https://example.com/a b",
        "https://example.com/\r\nX-Injected: 1",
        "https://exam\tple.com/",
        "https://example.com\\@127.0.0.1/",
        "https://example.com/\x00",
        "https://exa%6dple.com/",
        "https://127.0.0.1%2f/",
        "https://[::1",
        "https://[::1]x/",
        "https://[fe80::1%25eth0]/",
        "https://[127.0.0.1]/",
        "https://[v1.a]/",
        "https://-example.com/",
        "https://a..example.com/",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 127 + "example/",
        "https://example.com/" + "a" * MAX_URL_LENGTH,
    ],
)
def test_what_is_no_url_for_us_is_refused_before_anything_is_looked_up(text: str) -> None:
    """Other schemes, credentials and every form that two readers may read in two ways."""
    with pytest.raises(ValueError, match="URL"):
        check_url(text)
    with pytest.raises(ValueError, match="URL"):
        Url.parse(text)


@pytest.mark.parametrize("text", ["https://☃.example/", "https://\u202e.example/", "https://..。/"])
def test_a_name_that_idna_does_not_know_is_refused(text: str) -> None:
    """Only names that IDNA 2008 allows become ASCII."""
    with pytest.raises(ValueError, match="URL"):
        Url.parse(text)
