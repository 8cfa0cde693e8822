from hypothesis import given
from hypothesis import strategies as st

from agent.rehearsal.token_count import (
    REMEMBERED_PROMPTS,
    PrefixMemory,
    common_length,
    count_tokens,
    prompt_text,
)

PROMPTS = st.lists(st.text("ab", max_size=8), max_size=20)


@given(PROMPTS)
def test_the_longest_shared_beginning_is_found(prompts: list[str]) -> None:
    memory = PrefixMemory()
    for index, prompt in enumerate(prompts):
        expected = max((common_length(prompt, other) for other in prompts[:index]), default=0)
        assert memory.shared(prompt) == expected
        memory.add(prompt)


@given(st.text("ab"), st.text("ab"))
def test_the_common_length_is_the_longest(one: str, other: str) -> None:
    length = common_length(one, other)
    assert one[:length] == other[:length]
    assert one[: length + 1] != other[: length + 1] or one == other


def test_old_prompts_are_forgotten() -> None:
    memory = PrefixMemory()
    memory.add("first")
    for number in range(REMEMBERED_PROMPTS):
        memory.add(f"{number}")
    assert memory.shared("first") == 0


def test_a_prompt_has_tools_first_and_every_text_in_it() -> None:
    call = {"id": "c", "function": {"name": "read", "arguments": '{"p": 1}'}}
    messages = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {"role": "assistant", "content": None, "tool_calls": [call, "odd"]},
    ]
    text = prompt_text({"messages": messages, "tools": [{"name": "read"}]})
    assert text.split("\n") == [
        '{"name": "read"}',
        "<system>",
        "be brief",
        "<user>",
        "hi",
        "<assistant>",
        "",
        'read {"p": 1}',
        '"odd"',
    ]


def test_tokens_are_rounded_up() -> None:
    assert [count_tokens(characters) for characters in (0, 1, 36, 37)] == [0, 1, 10, 11]
