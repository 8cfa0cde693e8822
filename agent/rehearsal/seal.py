"""Reasoning that a client cannot read must come back unchanged: how the local server knows.

No secret is kept. The seal only shows that nothing was altered on the way.
"""

import base64
import binascii
import hashlib

DIGEST_CHARACTERS = 16
OWNER_CHARACTERS = 8


def signature(text: str) -> str:
    """What belongs to exactly this text."""
    digest = hashlib.sha256(f"rehearsal:{text}".encode()).digest()
    return base64.b64encode(digest).decode()


def owner(key: str) -> str:
    """What a seal tells of whose it is: a mark of the key, by which it is not known."""
    return signature(key)[:OWNER_CHARACTERS]


def sealed_text(seal: str, text: str) -> str:
    """Opaque to the client, with its own check at the end."""
    content = base64.b64encode(f"{seal}:{text}".encode()).decode()
    return f"{content}.{signature(content)[:DIGEST_CHARACTERS]}"


def unsealed(sealed: str) -> str | None:
    """What was sealed; None when it was altered."""
    content, _, check = sealed.partition(".")
    if not content or signature(content)[:DIGEST_CHARACTERS] != check:
        return None
    try:
        return base64.b64decode(content, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
