"""The filter of system calls, as a classic BPF program.

Three answers besides letting a call through: an error, a pretence that the kernel does not know
the call, so that the C library takes its older way, and a question to the launcher.
"""

from agent.workspace.sandbox import kernel

ALLOW = 0x7FFF0000
ASK = 0x7FC00000
EPERM = 0x00050000 | 1
UNKNOWN = 0x00050000 | 38
NO_FAMILY = 0x00050000 | 97

REFUSED = """
acct add_key bpf chroot clock_adjtime clock_settime delete_module fanotify_init finit_module
fsconfig fsmount fsopen fspick init_module ioperm iopl kcmp kexec_file_load kexec_load keyctl
lookup_dcookie migrate_pages mount mount_setattr move_mount move_pages open_by_handle_at
open_tree open_tree_attr perf_event_open pidfd_getfd pivot_root process_madvise
process_vm_readv process_vm_writev ptrace quotactl quotactl_fd reboot request_key setdomainname
sethostname setns settimeofday swapoff swapon syslog umount2 unshare userfaultfd vhangup
"""
"""What changes or looks into the machine, other processes or the name spaces."""
PRETENDED_UNKNOWN = "clone3 io_uring_enter io_uring_register io_uring_setup"
"""`clone3` hides its flags from a filter; io_uring makes calls that no filter sees."""
SHARED_BETWEEN_PROCESSES = """
mq_open mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop shmat shmctl shmdt
shmget
"""
"""System V and POSIX objects, which all processes of a user share where no name space parts
them."""
METADATA = """
chmod chown fchmod fchmodat fchmodat2 fchown fchownat fremovexattr fsetxattr futimesat lchown
lremovexattr lsetxattr removexattr setxattr utime utimensat utimes
"""
"""Landlock does not decide about these, so the launcher does."""

NEW_NAMESPACES = 0x7E020000
SET_USER_ID = 0o4000
TRUNCATE = 0o1000
ACCESS_MODE = 0o3
FASTOPEN = 0x20000000
AF_UNIX, AF_INET, AF_INET6, AF_NETLINK = 1, 2, 10, 16
STREAM, SEQUENTIAL = 1, 5
TYPE = 0xF
TCP = 6
SOL_SOCKET = 1
BIND_TO_DEVICE = (25, 62)
TIOCSTI, TIOCLINUX, FIOSETOWN, SIOCSPGRP = 0x5412, 0x541C, 0x8901, 0x8902
SET_FILE_FLAGS = (0x40086602, 0x401C5820)
F_SETOWN, F_SETOWN_EX = 8, 15
PRIO_USER, IOPRIO_USER = 2, 3

Code = list[tuple[int, int, int, int]]
LOAD, AND, EQUAL, AT_LEAST, RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16


def answer(action: int) -> Code:
    return [(RETURN, 0, 0, action)]


def argument(index: int) -> Code:
    """Loads the lower half, which is all of an `int`."""
    return [(LOAD, 0, 0, ARGUMENTS + 8 * index)]


def masked(mask: int) -> Code:
    return [(AND, 0, 0, mask)]


def if_equal(value: int, then: Code) -> Code:
    return [(EQUAL, 0, len(then), value), *then]


def unless_equal(value: int, then: Code) -> Code:
    return [(EQUAL, len(then), 0, value), *then]


def if_one_of(values: tuple[int, ...], then: Code) -> Code:
    return [step for value in values for step in if_equal(value, then)]


class Program:
    """A filter for one machine; what no rule names is let through."""

    def __init__(self, column: int) -> None:
        self._numbers = kernel.numbers(column)
        self._code: Code = [
            (LOAD, 0, 0, ARCHITECTURE),
            *unless_equal(kernel.AUDIT_ARCH[column], answer(EPERM)),
            (LOAD, 0, 0, NUMBER),
            # x86-64's calls with 32-bit pointers have higher numbers, too
            (AT_LEAST, 0, 1, kernel.LAST_KNOWN + 1),
            *answer(UNKNOWN),
        ]

    def on(self, names: str, *body: Code, otherwise: int = ALLOW) -> None:
        """What to do at these calls, where no earlier rule names them."""
        code = [*(step for part in body for step in part), *answer(otherwise)]
        for name in names.split():
            if name in self._numbers:
                self._code += if_equal(self._numbers[name], code)

    def packed(self) -> bytes:
        return b"".join(
            code.to_bytes(2, "little") + bytes((yes, no)) + value.to_bytes(4, "little")
            for code, yes, no, value in [*self._code, *answer(ALLOW)]
        )


def refuse_what_nobody_needs(program: Program) -> None:
    program.on(REFUSED, otherwise=EPERM)
    program.on(PRETENDED_UNKNOWN, otherwise=UNKNOWN)
    typed = (TIOCSTI, TIOCLINUX, FIOSETOWN, SIOCSPGRP, *SET_FILE_FLAGS)
    program.on("ioctl", argument(1), if_one_of(typed, answer(EPERM)))
    program.on("fcntl", argument(1), if_one_of((F_SETOWN, F_SETOWN_EX), answer(EPERM)))


def guard_births(program: Program) -> None:
    """Refuses new name spaces to new processes and threads.

    The launcher is not asked: a signal can interrupt a question before it is received, and no
    program expects that of `fork`.
    """
    refused = unless_equal(0, answer(EPERM))
    program.on("clone", argument(0), masked(NEW_NAMESPACES), refused)


def guard_modes(program: Program, otherwise: int) -> None:
    """Refuses a mode with which a file runs as its owner."""
    refused = [*masked(SET_USER_ID), *unless_equal(0, answer(EPERM))]
    program.on("chmod fchmod", argument(1), refused, otherwise=otherwise)
    program.on("fchmodat fchmodat2", argument(2), refused, otherwise=otherwise)


def in_namespaces() -> bytes:
    """The filter inside bubblewrap, whose name spaces part processes, sockets and files."""
    program = Program(known_machine())
    refuse_what_nobody_needs(program)
    guard_births(program)
    guard_modes(program, ALLOW)
    families = if_one_of((AF_UNIX, AF_INET, AF_INET6, AF_NETLINK), answer(ALLOW))
    program.on("socket", argument(0), families, otherwise=NO_FAMILY)
    return program.packed()


def without_namespaces(*, network: bool, landlock_abi: int) -> bytes:
    """The filter beside Landlock: the launcher is asked where Landlock has no say.

    With `network`, sockets of the internet are free; else the launcher makes each of them.
    """
    program = Program(known_machine())
    refuse_what_nobody_needs(program)
    program.on(SHARED_BETWEEN_PROCESSES, otherwise=EPERM)
    guard_births(program)
    guard_modes(program, ASK)
    program.on(METADATA, otherwise=ASK)
    program.on("setxattrat removexattrat file_setattr", otherwise=UNKNOWN)
    guard_sockets(program, network)
    guard_processes(program, landlock_abi)
    if landlock_abi < 3:
        guard_truncation(program)
    return program.packed()


def known_machine() -> int:
    column = kernel.machine()
    assert column is not None, "no filter is asked for on other machines"
    return column


def guard_sockets(program: Program, network: bool) -> None:
    kind = [*argument(1), *masked(TYPE)]
    streams = [*kind, *if_one_of((STREAM, SEQUENTIAL), answer(ASK)), *answer(EPERM)]
    is_tcp = [*argument(2), *if_one_of((0, TCP), answer(ASK)), *answer(EPERM)]
    tcp = [*kind, *if_equal(STREAM, is_tcp), *answer(EPERM)]
    internet = answer(ALLOW) if network else tcp
    routes = [*argument(2), *if_equal(0, answer(ALLOW)), *answer(EPERM)]
    program.on(
        "socket",
        argument(0),
        if_equal(AF_UNIX, streams),
        if_one_of((AF_INET, AF_INET6), internet),
        if_equal(AF_NETLINK, routes),
        otherwise=NO_FAMILY,
    )
    # a pair of datagram sockets could still send to any name
    pair = if_one_of((STREAM, SEQUENTIAL), answer(ALLOW))
    program.on("socketpair", kind, pair, otherwise=EPERM)
    program.on("connect bind listen", otherwise=ASK)
    for name, flags in (("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)):
        opening = unless_equal(0, answer(EPERM))
        program.on(name, argument(flags), masked(FASTOPEN), opening)
    bound = [*argument(2), *if_one_of(BIND_TO_DEVICE, answer(EPERM)), *answer(ALLOW)]
    program.on("setsockopt", argument(1), if_equal(SOL_SOCKET, bound))


def guard_processes(program: Program, landlock_abi: int) -> None:
    """Calls that name another process; Landlock knows of signals since its sixth version."""
    own = if_equal(0, answer(ALLOW))
    names = "prlimit64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler"
    program.on(names, argument(0), own, otherwise=ASK)
    for name, users in (("setpriority", PRIO_USER), ("ioprio_set", IOPRIO_USER)):
        all_of_a_user = if_equal(users, answer(EPERM))
        program.on(name, argument(0), all_of_a_user, argument(1), own, otherwise=ASK)
    if landlock_abi < 6:
        program.on("kill", argument(0), own, otherwise=ASK)
        program.on("tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo", otherwise=ASK)
        program.on("pidfd_send_signal", otherwise=UNKNOWN)


def guard_truncation(program: Program) -> None:
    """Landlock decides about truncation since its third version only."""
    program.on("truncate", otherwise=EPERM)
    program.on("openat2", otherwise=UNKNOWN)
    for name, flags in (("open", 1), ("openat", 2)):
        reading = [*argument(flags), *masked(ACCESS_MODE), *if_equal(0, answer(EPERM))]
        program.on(name, argument(flags), masked(TRUNCATE), unless_equal(0, reading))
