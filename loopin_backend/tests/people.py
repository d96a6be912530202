"""People of a live server, each with an access token, made straight in its database."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import Request, urlopen

from django.contrib.auth.hashers import make_password

from loopin_backend.tests.live import LiveServer

PASSWORD = "a-password-for-tests-1"


def make_person(
    server: LiveServer, username: str, *, is_staff: bool = False, is_analyst: bool = False
) -> str:
    """A user of this name; their access token."""
    [(user_id,)] = server.query(
        "INSERT INTO auth_user (username, password, is_staff, is_superuser, is_active, first_name, last_name, email, "
        "date_joined) VALUES (%s, %s, %s, false, true, '', '', '', now()) RETURNING id",
        username,
        make_password(PASSWORD, hasher="md5"),  # whatever the server reads, quickly
        is_staff,
    )
    if is_analyst:
        server.query(
            "WITH made AS (INSERT INTO auth_group (name) VALUES ('analyst') ON CONFLICT (name) DO UPDATE SET name = "
            "excluded.name RETURNING id) INSERT INTO auth_user_groups (user_id, group_id) SELECT %s, id FROM made "
            "RETURNING id",
            user_id,
        )
    answer = call(server, "POST", "/api/auth/token", {"username": username, "password": PASSWORD})
    return str(answer["access"])


def call(server: LiveServer, method: str, path: str, body: Any = None, token: str = "") -> Any:
    """The JSON that the server answers. **Errors**: `HTTPError`."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    content = None if body is None else json.dumps(body).encode()
    request = Request(server.url + path, content, headers, method=method)  # noqa: S310  (the server's own address)
    with urlopen(request, timeout=60) as response:  # noqa: S310
        return json.load(response)
