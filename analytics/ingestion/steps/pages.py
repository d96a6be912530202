"""Step that reads the page an event happened on."""

from __future__ import annotations

from urllib.parse import urlsplit

from analytics.ingestion.event import Event


def put_page(event: Event) -> None:
    """`page_url`, `page_path` and `referrer`, from the names that web SDKs use."""
    properties = event.properties
    if not event.page_url:
        url = properties.get("$current_url") or properties.get("$screen_name")
        event.page_url = url if isinstance(url, str) else ""
    if not event.page_path:
        path = properties.get("$pathname")
        event.page_path = path if isinstance(path, str) and path else path_of(event.page_url)
    if not event.referrer:
        referrer = properties.get("$referrer")
        # `$direct` is PostHog's word for "no referrer", not an address.
        event.referrer = referrer if isinstance(referrer, str) and referrer != "$direct" else ""


def path_of(url: str) -> str:
    """The path of a URL; a text that is no URL stays as it is.

    Example:
        >>> path_of("https://example.org/meetups/7?utm_source=mail#map")
        '/meetups/7'
        >>> path_of("Settings screen")
        'Settings screen'
    """
    if not url:
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:  # an unclosed IPv6 bracket, for one
        return url
    return parts.path or ("/" if parts.netloc else "")
