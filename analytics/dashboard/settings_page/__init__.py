"""The settings page: ingest keys, which are made here, and what the environment decides, with where to change it."""
