"""Reads the body of a request, or says what is wrong with it."""

import json

from agent.domain.message import SessionKey
from agent.rehearsal.accounts import key_in
from agent.rehearsal.dialects import MESSAGES, Dialect
from agent.rehearsal.local_http import Received
from agent.rehearsal.player import bad, session_of
from agent.rehearsal.responses_dialect import foreign_reasoning
from agent.rehearsal.seal import owner
from agent.rehearsal.wire import Asked, Complaint

VERSION_HEADER = "anthropic-version"
SESSION_HEADER = "x-gardener-session"


def read_request(dialect: Dialect, received: Received) -> Asked | Complaint:
    try:
        body = json.loads(received.body)
    except (ValueError, RecursionError):
        return Complaint("json")
    if not isinstance(body, dict) or not isinstance(body.get("model"), str):
        return bad("you must provide a model parameter")
    if dialect is MESSAGES and VERSION_HEADER not in received.headers:
        return bad(f"{VERSION_HEADER}: header is required")
    return foreign_reasoning(body, owner(key_in(received.headers))) or dialect.read(body)


def read_session(
    received: Received,
) -> tuple[SessionKey, int] | tuple[None, None] | Complaint:
    """Which session asks for which turn; neither for a request of the built program."""
    try:
        return session_of(received.headers.get(SESSION_HEADER, ""))
    except ValueError as error:
        return bad(f"{SESSION_HEADER}: {error}")
