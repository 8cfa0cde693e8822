"""Landlock: which files this process and its children may open, and what else they may reach.

The rights and structures are those of Linux's `landlock.h`; its versions ("ABI") add to them.
"""

import ctypes
import os
import stat

from agent.workspace.sandbox import kernel

CREATE_RULESET_VERSION = 1
RULE_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
MAKE_CHARACTER_DEVICE, MAKE_BLOCK_DEVICE = 1 << 6, 1 << 11
REFER, TRUNCATE, DEVICE_IOCTL = 1 << 13, 1 << 14, 1 << 15
ALL_RIGHTS = (1 << 16) - 1
READING = EXECUTE | READ_FILE | READ_DIR
WRITING = ALL_RIGHTS & ~(MAKE_CHARACTER_DEVICE | MAKE_BLOCK_DEVICE | DEVICE_IOCTL)
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | DEVICE_IOCTL
NEWER = {REFER: 2, TRUNCATE: 3, DEVICE_IOCTL: 5}
SCOPES_ABI = 6
ABSTRACT_SOCKETS_AND_SIGNALS = 0b11

OLDEST_ABI = 2
"""The first version could not let files be renamed from folder to folder; Linux 5.19 has this."""


def version() -> int:
    """The kernel's version of Landlock, 0 without it."""
    column = kernel.machine()
    if column is None:
        return 0
    try:
        number = kernel.numbers(column)["landlock_create_ruleset"]
        return kernel.call(number, None, 0, CREATE_RULESET_VERSION)
    except OSError:
        return 0


def confine(readable: list[str], writable: list[str], abi: int) -> None:
    """Lets nothing be opened but what lies at or beneath these paths; needs no_new_privs.

    A path that does not exist is passed over. Raises OSError when the kernel refuses.
    """
    handled = ALL_RIGHTS
    for right, since in NEWER.items():
        if abi < since:
            handled &= ~right
    scoped = ABSTRACT_SOCKETS_AND_SIGNALS if abi >= SCOPES_ABI else 0
    column = kernel.machine()
    assert column is not None, "only asked for on known machines"
    numbers = kernel.numbers(column)
    attributes = b"".join(field.to_bytes(8, "little") for field in (handled, 0, scoped))
    size = 24 if scoped else 8
    buffer = ctypes.create_string_buffer(attributes, 24)
    ruleset = kernel.call(numbers["landlock_create_ruleset"], buffer, size, 0)
    try:
        for paths, rights in ((readable, READING), (writable, WRITING)):
            for path in paths:
                allow(numbers["landlock_add_rule"], ruleset, path, rights & handled)
        kernel.call(numbers["landlock_restrict_self"], ruleset, 0)
    finally:
        os.close(ruleset)


def allow(add_rule: int, ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= OF_FILES
        rule = rights.to_bytes(8, "little") + descriptor.to_bytes(4, "little")
        buffer = ctypes.create_string_buffer(rule, len(rule))
        kernel.call(add_rule, ruleset, RULE_PATH_BENEATH, buffer, 0)
    finally:
        os.close(descriptor)
