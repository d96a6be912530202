"""Which addresses may be sent to: those of the public internet, and inside only what the operator has named.

An allow-list where there is one (IPv6's global unicast space), a list of the special ranges where there is none.
**Source**: IANA's registries of special-purpose IPv4 and IPv6 addresses; RFC 6052 and RFC 8215 (NAT64), RFC 3056
(6to4), RFC 4380 (Teredo); the metadata services of cloud providers.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address

_NOT_PUBLIC_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # public by number: Azure's metadata and wire server
    )
)  # fmt: skip
_GLOBAL_UNICAST_6 = IPv6Network("2000::/3")
#: Inside of 2000::/3: special assignments (with Teredo), documentation, 6to4, and the old test network.
_NOT_PUBLIC_6 = tuple(
    IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "3ffe::/16")
)
#: What a host that the operator names may have besides public addresses.
_INSIDE = tuple(
    ip_network(text)
    for text in (
        "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7",
    )
)  # fmt: skip
#: In those ranges nevertheless: the metadata services of AWS over IPv6 and of Alibaba.
_NEVER = tuple(ip_network(text) for text in ("fd00:ec2::254/128", "100.100.100.200/32"))


def is_public(address: Address) -> bool:
    """True for an address of the public internet.

    IPv4 inside of IPv6 (mapped, translated, tunnelled) never is: nobody's name has to lead there.

    Example:
        >>> from ipaddress import ip_address
        >>> [is_public(ip_address(text)) for text in ("93.184.215.14", "10.0.0.1", "::ffff:93.184.215.14")]
        [True, False, False]
    """
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _NOT_PUBLIC_4)
    if address not in _GLOBAL_UNICAST_6 or not address.is_global:
        return False
    return not any(address in network for network in _NOT_PUBLIC_6)


def may_be_inside(address: Address) -> bool:
    """True for an address that a host named by the operator may have: public, private or loopback."""
    if any(address in network for network in _NEVER):
        return False
    return is_public(address) or any(address in network for network in _INSIDE)
