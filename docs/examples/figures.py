"""Figures through a client that is generated from the API's description: log in, ask in words, ask a typed question.

README.md beside this file says how the client is made. The password is read from the terminal or standard input.

    python figures.py http://127.0.0.1:8000 admin "How many users per day in the last 7 days?"
"""

from __future__ import annotations

import getpass
import sys
from typing import TypeVar

from loopin_client import AuthenticatedClient, Client
from loopin_client.api.ask import ask
from loopin_client.api.auth import log_in
from loopin_client.api.query import query_trends
from loopin_client.models import AskRequest, ErrorAnswer, TokenRequest, TrendsRequest

Answer = TypeVar("Answer")


def good(answer: Answer | ErrorAnswer | None) -> Answer:
    """The answer, or the end of the program with what the server said instead."""
    if answer is None or isinstance(answer, ErrorAnswer):
        sys.exit(f"{answer.code}: {answer.detail}" if answer is not None else "the server gave no answer")
    return answer


def main(url: str, username: str, question: str) -> None:
    """Ask in words; for a trend, ask the same again by its parameters."""
    password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    tokens = good(log_in.sync(client=Client(url), body=TokenRequest(username, password)))
    client = AuthenticatedClient(url, token=tokens.access)

    found = good(ask.sync(client=client, body=AskRequest(question)))
    say(f"{found.analysis}: {found.explanation}")
    if found.analysis != "trends":
        say(str(found.answer.to_dict()))
        return
    trends = good(query_trends.sync(client=client, body=TrendsRequest.from_dict(found.parameters.to_dict())))
    for line in trends.series:
        say(f"{line.breakdown_value or line.label}\t{line.total}")
    say(f"counted from {trends.proof.rows_read} rows, fresh to {trends.proof.fresh_to}")


def say(text: str) -> None:
    """One line for people."""
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
