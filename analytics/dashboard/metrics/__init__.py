"""The page of metrics: all of them as cards, and one opened with its history, drivers, alerts and settings."""
