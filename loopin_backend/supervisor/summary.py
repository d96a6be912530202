"""The few lines that tell a person what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loopin_backend.env import Env
    from loopin_backend.supervisor.prepared import Prepared


def render_summary(env: Env, prepared: Prepared, address: str) -> str:
    """Address, who to log in as, and a command that sends an event."""
    lines = [
        "",
        f"  Loopin Analytics runs at {address}",
        "",
        f"  Dashboard    {address}/dashboard/",
        f"  Log in as    {prepared.admin_name}, {_password_hint(env, prepared)}",
        f"  Data         {env.loopin_data_dir}",
    ]
    if prepared.ingest_key:
        event = f'{{"api_key": "{prepared.ingest_key}", "event": "hello", "distinct_id": "me"}}'
        lines += [
            f"  Ingest key   {prepared.ingest_key}",
            "",
            "  Send an event:",
            f"    curl {address}/capture/ -H 'Content-Type: application/json' -d '{event}'",
        ]
    return "\n".join([*lines, "", "  Ctrl-C stops everything.", ""])


def _password_hint(env: Env, prepared: Prepared) -> str:
    if prepared.new_password:
        return f"password {prepared.new_password}   (shown once; change it in the admin)"
    if env.loopin_admin_password.get_secret_value():
        return "with the password of LOOPIN_ADMIN_PASSWORD at the first start"
    return "with the password of the first start (forgotten: manage.py changepassword)"
