"""Icons of the dashboard's shell: drawn here, because a symbol font would weigh more than the whole page.

Names are those of Material Symbols, which django-unfold shows for the same side bar in the admin.
"""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

#: Outlines on a field of 24 by 24, drawn with a line of 1.75.
_OUTLINES = {
    "add": "M12 5v14M5 12h14",
    "bar_chart": "M6 20v-7M12 20V5M18 20v-11",
    "bolt": "M13 3 5 14h6l-1 7 8-11h-6z",
    "calendar": "M5 6h14v14H5zM5 10.5h14M9 3.5V8M15 3.5V8",
    "check": "m5 12.5 4.5 4.5L19 7.5",
    "chevron": "m8 10 4 4 4-4",
    "close": "m6 6 12 12M18 6 6 18",
    "copy": "M9 9h11v11H9zM15 9V4H4v11h5",
    "dashboard": "M4 4h7v9H4zM13 4h7v5h-7zM13 11h7v9h-7zM4 15h7v5H4z",
    "down": "M12 5v14m-6-6 6 6 6-6",
    "download": "M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 20h14",
    "filter_alt": "M4 5h16l-6.2 7.5V19l-3.6-2v-4.5z",
    "grid_on": "M4 4h16v16H4zM4 9.5h16M4 14.7h16M9.5 4v16M14.7 4v16",
    "flag": "M6 21V4M6 4.5h12l-2.5 4L18 12.5H6",
    "group": "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.4-3.6 3-5.5 6.5-5.5s6.1 1.9 6.5 5.5"
    "M16 4.3a3.5 3.5 0 0 1 0 6.4M18 15c2 .8 3.2 2.5 3.5 5",
    "groups": "M12 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM6.5 20c.3-3.3 2.5-5 5.5-5s5.2 1.7 5.5 5M5 12.5a2 2 0 1 0 0-4"
    "M19 12.5a2 2 0 1 1 0-4M2 18c.1-1.7.8-2.8 2-3.3M22 18c-.1-1.7-.8-2.8-2-3.3",
    "image": "M4 5h16v14H4zM4 16l4.5-4.5 4 4 3-3L20 17M15 9.5v.2",
    "info": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.5M12 7.5v.2",
    "key": "M8 16.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM12.5 12H21v3.5M17 12v3",
    "lightbulb": "M9 17.5h6M10 21h4M12 3a6.5 6.5 0 0 0-3.5 12v2.5h7V15A6.5 6.5 0 0 0 12 3z",
    "link": "M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1",
    "lock": "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
    "logout": "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
    "mail": "M4 6h16v12H4zM4 7l8 6 8-6",
    "menu": "M4 7h16M4 12h16M4 17h16",
    "merge": "M7 4v4c0 3 5 4 5 7v5M17 4v4c0 3-5 4-5 7M9 17l3 3 3-3",
    "monitor": "M4 5h16v11H4zM9 20h6M12 16v4",
    "monitoring": "M4 20h16M5 15l4.5-5 4 3.5L19 7M19 7h-4M19 7v4",
    "monitor_heart": "M3 12h4l2.5-6 4 12 2.5-6h5",
    "mood": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.5 14.5c.8 1.2 2 1.8 3.5 1.8s2.7-.6 3.5-1.8M9 9.5v.2M15 9.5v.2",
    "moon": "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
    "outbox": "M4 13v6h16v-6M12 15V4m-4 4 4-4 4 4",
    "person": "M12 11.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM5 20.5c.5-4 3.2-6 7-6s6.5 2 7 6",
    "psychology": "M9 21v-3H7a2 2 0 0 1-2-2v-2.5L3.5 12 5 9.5a7 7 0 1 1 11 6.2V21M12 7v3l2 1.5",
    "receipt_long": "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6",
    "refresh": "M19 12a7 7 0 1 1-2-5l2 2M19 4v5h-5",
    "report": "M8.3 3h7.4L21 8.3v7.4L15.7 21H8.3L3 15.7V8.3zM12 7.5v5.5M12 16.2v.2",
    "route": "M6 20a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM18 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4z"
    "M8 18h6a3 3 0 0 0 0-6h-4a3 3 0 0 1 0-6h6",
    "save": "M6 4h12v16l-6-4-6 4z",
    "settings": "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z"
    "M9 19.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z",
    "show_chart": "M3.5 17 9 10.5l4 4L20.5 6",
    "speed": "M4.5 18a9 9 0 1 1 15 0M12 14l4-5",
    "ssid_chart": "M3 17c2-5 4-5 6 0M9 17l4-12 4 12c1-3 2.5-3.5 4-3.5",
    "stacked_bar_chart": "M6 20v-4m0-2.5V10M12 20v-6m0-2.5V5M18 20v-3m0-2.5V9",
    "sun": "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4"
    "M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
    "up": "M12 19V5m-6 6 6-6 6 6",
    "upload_file": "M7 3h7l4 4v14H7zM14 3v4h4M12.5 17v-6m-2.5 2.5 2.5-2.5 2.5 2.5",
    "warning": "M12 4 2.5 20h19zM12 10v5M12 17.5v.2",
}
_DOT = "M12 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z"


@register.simple_tag
def icon(name: str) -> SafeString:
    """The icon of a name, a dot for a name that has none; hidden from screen readers, for words stand beside it."""
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="{}"/></svg>',
        _OUTLINES.get(name, _DOT),
    )
