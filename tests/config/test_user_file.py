"""A profile's fields go into the user's file; nothing else in it changes."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config.user_file import toml, write_profile
from agent.errors import ConfigError

FIELDS: dict[str, Any] = {
    "window_tokens": 65_536,
    "text_calls": True,
    "omit_fields": ["seed", "stop"],
    "limits": [{"unit": "tokens", "window": "minute", "amount": 300_000, "refill": "bucket"}],
}
OLD = """\
# mine
model = "m"  # the usual one

[profiles.box]
# a server at home
base_url = "http://127.0.0.1:1/v1"
window_tokens = 131_072  # too much
limits = [
  { unit = "tokens", window = "day", amount = 1 },
]

# the next one
[profiles.other]
window_tokens = 1024
"""


def test_a_file_is_made_with_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "gardener" / "config.toml"
    write_profile(path, "my box", FIELDS)
    assert path.read_text() == (
        '[profiles."my box"]\n'
        "window_tokens = 65536\n"
        "text_calls = true\n"
        'omit_fields = ["seed", "stop"]\n'
        'limits = [{ unit = "tokens", window = "minute", amount = 300000, refill = "bucket" }]\n'
    )


def test_fields_change_in_place_and_the_rest_stays(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(OLD)
    write_profile(path, "box", FIELDS)
    assert path.read_text() == (
        "# mine\n"
        'model = "m"  # the usual one\n'
        "\n"
        "[profiles.box]\n"
        "# a server at home\n"
        'base_url = "http://127.0.0.1:1/v1"\n'
        "window_tokens = 65536  # too much\n"
        'limits = [{ unit = "tokens", window = "minute", amount = 300000, refill = "bucket" }]\n'
        "text_calls = true\n"
        'omit_fields = ["seed", "stop"]\n'
        "\n"
        "# the next one\n"
        "[profiles.other]\n"
        "window_tokens = 1024\n"
    )


def test_a_new_section_goes_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(OLD)
    write_profile(path, "third", {"window_tokens": 2_048})
    assert path.read_text() == OLD + "\n[profiles.third]\nwindow_tokens = 2048\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\twindow_tokens\t=\t5\t# a # b", "\twindow_tokens = 65536\t# a # b"),
        ('"window_tokens" = 5', '"window_tokens" = 65536'),
        ("source = '#'\nwindow_tokens = 5", "source = '#'\nwindow_tokens = 65536"),
        (
            'source = """\n[x]\nwindow_tokens = 1\n"""\nwindow_tokens = 5',
            'source = """\n[x]\nwindow_tokens = 1\n"""\nwindow_tokens = 65536',
        ),
        ("# a\u2028b\nwindow_tokens = 5", "# a\u2028b\nwindow_tokens = 65536"),
        ('"window\\u005ftokens" = 5', '"window\\u005ftokens" = 65536'),
        ("sampling.top_p = nan\nwindow_tokens = 5", "sampling.top_p = nan\nwindow_tokens = 65536"),
        (
            "  window_tokens = [ # one\n    # '#2'\n    '#', nan, # three\n  ] # four",
            "  # one\n  # '#2'\n  # three\n  window_tokens = 65536 # four",
        ),
        ("window_tokens = 5\n[[x]]\na = 1", "window_tokens = 65536\n[[x]]\na = 1"),
        (
            "[profiles.box.sampling]\ntop_p = 1.0\n[ profiles.'box' ] # b\nwindow_tokens = 5",
            "[profiles.box.sampling]\ntop_p = 1.0\n[ profiles.'box' ] # b\nwindow_tokens = 65536",
        ),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_comments_indents_and_line_ends_stay(tmp_path: Path, old: str, new: str, end: str) -> None:
    path = tmp_path / "config.toml"
    for text in (old, new):
        head = "" if "'box' ]" in text else '["profiles"."b\\u006fx"]\n'
        whole = f"{head}{text}\n\n[roles.judge]\nmodel = 'm'\n".replace("\n", end)
        if text is old:
            path.write_bytes(whole.encode())
            write_profile(path, "box", {"window_tokens": 65_536})
    assert path.read_bytes() == whole.encode()


def test_line_ends_of_both_kinds_stay_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"model = '''a\r\nb\nc'''\n[profiles.box]\r\nwindow_tokens = 5\n[x]\ny = 1")
    write_profile(path, "box", {"window_tokens": 65_536})
    assert path.read_bytes() == (
        b"model = '''a\r\nb\nc'''\n[profiles.box]\r\nwindow_tokens = 65536\r\n[x]\ny = 1\r\n"
    )


def test_a_file_of_a_megabyte_is_edited_in_seconds(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    tables = [f"[profiles.p{number}]  # a table\nmodel = 'm'\n" for number in range(30_000)]
    path.write_text("".join(tables))
    assert path.stat().st_size > 1_000_000
    write_profile(path, "p29999", {"model": "n"})
    assert path.read_text() == "".join(tables)[: -len("'m'\n")] + '"n"\n'


def test_writing_twice_changes_nothing_more(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(OLD)
    write_profile(path, "box", FIELDS)
    once = path.read_text()
    write_profile(path, "box", FIELDS)
    assert path.read_text() == once


@pytest.mark.parametrize(
    "text",
    [
        "profiles = { box = { window_tokens = 1024 } }\n",
        "profiles.box.window_tokens = 1024\n",
        "[profiles]\nbox = { window_tokens = 1024 }\n",
        "[profiles.box]\nmodel = 'm'\n[[profiles.box.limits]]\nunit = 'tokens'\n",
        "[[profiles]]\nbox = 1\n",
        "[profiles]\nbox = 1\n",
        "profiles = 1\n",
        "not toml",
    ],
)
def test_a_layout_that_cannot_be_edited_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"put into \[profiles.box\] yourself: window_tokens = 6"):
        write_profile(path, "box", FIELDS)
    reason = "not valid TOML" if text == "not toml" else "its layout cannot be edited safely"
    with pytest.raises(ConfigError, match=reason):
        write_profile(path, "box", FIELDS)
    assert path.read_text() == text
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"file/config.toml: .*; put into \[profiles.box\]"):
        write_profile(tmp_path / "file" / "config.toml", "box", FIELDS)


def test_a_file_that_its_owner_locked_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(OLD)
    path.chmod(0o444)
    with pytest.raises(ConfigError, match=r"config.toml: it is read-only; put into"):
        write_profile(path, "box", FIELDS)
    assert path.read_text() == OLD


def test_a_link_that_leads_round_in_a_circle_is_told(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.symlink_to(path)
    with pytest.raises(ConfigError, match=r"config.toml: .*; put into \[profiles.box\]"):
        write_profile(path, "box", FIELDS)


def test_text_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    with pytest.raises(ConfigError, match="cannot change"):
        write_profile(path, "box", {"model": "\udcff"})
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_a_link_and_the_mode_stays(tmp_path: Path) -> None:
    real = tmp_path / "real.toml"
    real.write_text(OLD)
    real.chmod(0o600)
    link = tmp_path / "config.toml"
    link.symlink_to(real)
    write_profile(link, "box", FIELDS)
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o600
    assert "text_calls = true" in real.read_text()


SCALARS = st.text(st.characters(exclude_categories=["Cs"])) | st.booleans() | st.integers(-9, 9**9)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab é"), inner, max_size=3),
    max_leaves=6,
)


@given(VALUES)
def test_every_value_reads_back_as_it_was(value: object) -> None:
    assert tomllib.loads(f"x = {toml(value)}")["x"] == value
