"""Names for those who ask: what tells keys apart without repeating them."""

from collections.abc import Mapping

MOST_ACCOUNTS = 500
KEYLESS = "no-key"


def key_in(headers: Mapping[str, str]) -> str:
    return headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")


class Accounts:
    """`account-1` is the first key that was seen; nothing of a key is shown."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def name(self, headers: Mapping[str, str]) -> str:
        key = key_in(headers)
        if not key:
            return KEYLESS
        if key not in self._names and len(self._names) >= MOST_ACCOUNTS:
            return "others"
        return self._names.setdefault(key, f"account-{len(self._names) + 1}")
