"""Step that names device, browser and operating system."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ua_parser import parse

from analytics.ingestion.event import Event

MAX_USER_AGENT = 512  # longer ones are attacks on parsers, not browsers
_SERVER_AGENTS = ("python", "posthog", "analytics-", "node", "axios", "go-http", "okhttp", "curl")


def put_device(event: Event) -> None:
    """Device columns: what the SDK says itself, else what the user agent tells."""
    properties = event.properties
    given = properties.get("$raw_user_agent") or properties.get("$user_agent")
    agent = given if isinstance(given, str) else event.arrival.user_agent
    agent = agent[:MAX_USER_AGENT]
    if not given and (properties.get("$is_server") or _is_server(agent)):
        agent = ""
    event.user_agent = agent
    event.browser = _text(properties.get("$browser"))
    event.os = _text(properties.get("$os"))
    event.device_type = _text(properties.get("$device_type")).lower()
    if agent and not (event.browser and event.os and event.device_type):
        browser, system, device = _parsed(agent)
        event.browser = event.browser or browser
        event.os = event.os or system
        event.device_type = event.device_type or device


def _is_server(agent: str) -> bool:
    return agent.lower().startswith(_SERVER_AGENTS)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


@lru_cache(maxsize=4096)
def _parsed(agent: str) -> tuple[str, str, str]:
    """(browser, operating system, device type) of a user agent; empty where unknown."""
    result = parse(agent)
    browser = result.user_agent.family if result.user_agent else ""
    system = result.os.family if result.os else ""
    family = result.device.family if result.device else ""
    return browser, system, _device_type(agent, system, family)


def _device_type(agent: str, system: str, family: str) -> str:
    if family == "Spider":
        return "bot"
    if "iPad" in agent or "Tablet" in agent:
        return "tablet"
    if system == "Android":
        return "mobile" if "Mobile" in agent else "tablet"
    if system == "iOS" or "Mobile" in agent:
        return "mobile"
    return "desktop" if system else ""
