"""The settings of this environment: `LOOPIN_ENV` picks development (default), production or test."""

from loopin_backend import env

match env.load().loopin_env:
    case "production":
        from loopin_backend.settings.production import *
    case "test":
        from loopin_backend.settings.test import *
    case _:
        from loopin_backend.settings.development import *
