"""What a deployment says about the outside model, read from Django's settings at each question."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from django.conf import settings

DEFAULT_BASE_URL = "https://api.openai.com/v1"
#: The small model for which the SDK's own list (openai 3.57, `types/shared/chat_model.py`) names no end.
DEFAULT_MODEL = "gpt-5.4-mini"
DEFAULT_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """The endpoint, its model, and whether it may be asked; the key never shows in a `repr`."""

    is_enabled: bool
    api_key: str = field(repr=False)
    base_url: str
    model: str
    timeout_s: float

    @classmethod
    def current(cls) -> ModelSettings:
        """The settings as they stand now."""
        return cls(
            is_enabled=bool(getattr(settings, "AI_SERVICES_ENABLED", True)),
            api_key=str(getattr(settings, "OPENAI_API_KEY", "") or ""),
            base_url=str(getattr(settings, "OPENAI_BASE_URL", "") or DEFAULT_BASE_URL),
            model=str(getattr(settings, "OPENAI_MODEL", "") or DEFAULT_MODEL),
            timeout_s=float(getattr(settings, "OPENAI_TIMEOUT_S", DEFAULT_TIMEOUT_S)),
        )

    @property
    def endpoint(self) -> str:
        """A short name of the address and the model together, fit for a cache key."""
        return hashlib.sha256(f"{self.base_url}\n{self.model}".encode()).hexdigest()[:32]
