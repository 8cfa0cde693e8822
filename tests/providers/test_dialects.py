import subprocess
import sys

import pytest

from agent.domain.profile import Dialect
from agent.providers.anthropic_messages import AnthropicMessages
from agent.providers.catalog import profile
from agent.providers.client import DialectClient
from agent.providers.dialects import client_of
from agent.providers.openai_chat import OpenAIChat
from agent.providers.openai_responses import OpenAIResponses


@pytest.mark.parametrize(
    ("name", "dialect", "adapter"),
    [
        ("cerebras", "openai_chat", OpenAIChat),
        ("openai-responses", "openai_responses", OpenAIResponses),
        ("anthropic", "anthropic_messages", AnthropicMessages),
    ],
)
def test_each_dialect_has_its_adapter(
    name: str, dialect: Dialect, adapter: type[DialectClient]
) -> None:
    found = profile(name)
    assert found.dialect == dialect
    assert type(client_of(found, "sk")) is adapter


def test_no_sdk_is_loaded_before_a_request_is_sent() -> None:
    code = (
        "import sys; from agent.providers.catalog import names, profile\n"
        "from agent.providers.dialects import client_of\n"
        "[client_of(profile(name), 'sk') for name in names()]\n"
        "print(sorted({'openai', 'anthropic', 'httpx2'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert answer.stdout.strip() == "[]"


def test_what_is_loaded_ahead_is_the_sdk_of_the_profiles_alone() -> None:
    code = (
        "import sys; from agent.providers.catalog import profile\n"
        "from agent.providers.dialects import load_ahead\n"
        "load_ahead([profile('anthropic')]).join()\n"
        "print(sorted({'openai', 'anthropic'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert answer.stdout.strip() == "['anthropic']"
