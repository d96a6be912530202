"""The test settings for a server in a process of its own: events go through the threaded writer, as in production."""

from loopin_backend.settings.test import *

ANALYTICS_INLINE_WRITER = False
