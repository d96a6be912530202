"""How the admin of django-unfold looks here, and where its side bar leads."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static


def _favicon(_: HttpRequest) -> str:
    return static("analytics/favicon.svg")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Loopin Analytics",
    "SITE_HEADER": "Loopin Analytics",
    "SITE_SYMBOL": "monitoring",
    "SITE_URL": "/dashboard/",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _favicon}],
    "SHOW_HISTORY": True,
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": True,
        "navigation": "analytics.dashboard.navigation.sidebar",
    },
    # Indigo; the dashboard's own style sheet holds the same.
    "COLORS": {
        "primary": {
            "50": "oklch(96.2% .018 272.314)",
            "100": "oklch(93% .034 272.788)",
            "200": "oklch(87% .065 274.039)",
            "300": "oklch(78.5% .115 274.713)",
            "400": "oklch(67.3% .182 276.935)",
            "500": "oklch(67.3% .182 276.935)",  # the usual 500 is too dark for links on the dark theme
            "600": "oklch(51.1% .262 276.966)",
            "700": "oklch(45.7% .24 277.023)",
            "800": "oklch(39.8% .195 277.366)",
            "900": "oklch(35.9% .144 278.697)",
            "950": "oklch(25.7% .09 281.288)",
        }
    },
}
