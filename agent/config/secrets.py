"""Which variables of the environment are secrets, by their names and by what they hold."""

import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

NAME = re.compile(
    r"(^|_)(API_?KEY|ACCESS_?KEY|SECRET_?KEY|PRIVATE_?KEY|KEY|TOKEN|SECRET|SECRETS|PASSWORD|PASSWD"
    r"|PASSPHRASE|PASS|PWD|CREDENTIALS?|AUTH|PAT|DSN|COOKIE)(_|$)|SECRET|PASSWORD|APIKEY",
    re.IGNORECASE,
)
WHOLE = frozenset(
    {"GIT_ASKPASS", "SSH_ASKPASS", "SSH_AUTH_SOCK", "SSH_AGENT_PID", "GPG_AGENT_INFO"}
)
"""Ways to the user's keys."""
PREFIXES = ("AWS_", "AZURE_", "GCP_", "GOOGLE_APPLICATION_")
PLAIN = frozenset({"PWD", "OLDPWD", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"})
PLACE_NAME = re.compile(r"(_FILE|_PATH|_DIR|_HOME|CREDENTIALS)$", re.IGNORECASE)
PLACE = re.compile(r"(~|\.{1,2})?(/[\w.@-]+)+/?")
HAS_PASSWORD = re.compile(r"^[a-z][a-z0-9+.-]*://[^/\s@]*:[^/\s@]+@", re.IGNORECASE)


def is_secret(name: str, value: str) -> bool:
    """`*_KEY`, `*_TOKEN`, `*SECRET*`, `AWS_*`, an address with a password, and the like."""
    upper = name.upper()
    if upper in PLAIN:
        return False
    by_name = upper in WHOLE or upper.startswith(PREFIXES) or NAME.search(name) is not None
    return by_name or HAS_PASSWORD.match(value) is not None


def hidden_values(secrets: Mapping[str, str]) -> dict[str, str]:
    """What must be shown nowhere, by the name it is called: of an address only its password."""
    hidden: dict[str, str] = {}
    for name, value in sorted(secrets.items()):
        is_place = PLACE_NAME.search(name) and PLACE.fullmatch(value)
        if name.upper() in WHOLE or is_place:
            continue
        if HAS_PASSWORD.match(value):
            password = urlsplit(value).password or ""
            hidden |= {name: password, f"{name} decoded": unquote(password)}
        else:
            hidden[name] = value.strip()
    return hidden
