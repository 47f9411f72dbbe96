"""Which addresses are public. Pure; the tables are IANA's registries of special-purpose addresses.

https://www.iana.org/assignments/iana-ipv4-special-registry
https://www.iana.org/assignments/iana-ipv6-special-registry

Python's own `is_global` is not used: its answers changed between the releases that we run on.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address

_IPV4_NOT_PUBLIC = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers (RFC 6598)
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and Google's metadata server
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

_IPV6_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All that IANA has given out. Loopback, mapped IPv4 (`::ffff:0:0/96`), NAT64 (`64:ff9b::/96`),
unique local with Google's `fd20:ce::254`, link-local and multicast lie outside."""

_IPV6_NOT_PUBLIC = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments; Teredo, which holds an IPv4 address
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which holds an IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)


def is_public(address: str) -> bool:
    """Whether the address is one of a host on the public internet.

    IPv6 forms that carry an IPv4 address are not public, whatever they carry. Raises `ValueError`
    if it is no address.
    """
    parsed = ip_address(address)
    if isinstance(parsed, IPv4Address):
        return not any(parsed in network for network in _IPV4_NOT_PUBLIC)
    return parsed in _IPV6_GLOBAL_UNICAST and not any(
        parsed in network for network in _IPV6_NOT_PUBLIC
    )
