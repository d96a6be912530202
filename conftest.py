"""The servers that tests run on, started when the first test needs a database."""

from __future__ import annotations

import pytest

from loopin_backend import embedded


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Start PostgreSQL and Valkey before pytest-django makes the test database, one for each worker."""
    embedded.ensure()
