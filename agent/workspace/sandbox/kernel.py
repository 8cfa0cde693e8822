"""System calls that Python does not offer, for x86-64 and AArch64.

Numbers are those of Linux's `unistd_64.h` and `asm-generic/unistd.h`. Loaded by the launcher at
every command, so it imports as little as it can.
"""

import ctypes
import os

MACHINES = {"x86_64": 0, "aarch64": 1}
AUDIT_ARCH = (0xC000003E, 0xC00000B7)
LAST_KNOWN = 469
"""Of the system calls looked through for these rules; what came later is unknown to them."""
SECCOMP_SET_MODE_FILTER = 1
PR_SET_NO_NEW_PRIVS = 38
PR_SET_CHILD_SUBREAPER = 36
PR_CAPBSET_DROP = 24
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
CAPABILITY_VERSION_3 = 0x20080522

_NUMBERS = """
accept4 288 242, acct 163 89, add_key 248 217, bind 49 200, bpf 321 280, capset 126 91,
chmod 90 -, chown 92 -, chroot 161 51, clock_adjtime 305 266, clock_settime 227 112,
clone 56 220, clone3 435 435, connect 42 203, delete_module 176 106, fanotify_init 300 262,
fchmod 91 52, fchmodat 268 53, fchmodat2 452 452, fchown 93 55, fchownat 260 54, fcntl 72 25,
file_setattr 469 469, finit_module 313 273, fork 57 -, fremovexattr 199 16, fsconfig 431 431,
fsetxattr 190 7, fsmount 432 432, fsopen 430 430, fspick 433 433, futimesat 261 -,
init_module 175 105, io_uring_enter 426 426, io_uring_register 427 427, io_uring_setup 425 425,
ioctl 16 29, ioperm 173 -, iopl 172 -, ioprio_set 251 30, kcmp 312 272, kexec_file_load 320 294,
kexec_load 246 104, keyctl 250 219, kill 62 129, landlock_add_rule 445 445,
landlock_create_ruleset 444 444, landlock_restrict_self 446 446, lchown 94 -, listen 50 201,
lookup_dcookie 212 18, lremovexattr 198 15, lsetxattr 189 6, migrate_pages 256 238,
mount 165 40, mount_setattr 442 442, move_mount 429 429, move_pages 279 239, mq_open 240 180,
mq_unlink 241 181, msgctl 71 187, msgget 68 186, msgrcv 70 188, msgsnd 69 189, open 2 -,
open_by_handle_at 304 265, open_tree 428 428, open_tree_attr 467 467, openat 257 56,
openat2 437 437, perf_event_open 298 241, pidfd_getfd 438 438, pidfd_send_signal 424 424,
pivot_root 155 41, prlimit64 302 261, process_madvise 440 440, process_vm_readv 310 270,
process_vm_writev 311 271, ptrace 101 117, quotactl 179 60, quotactl_fd 443 443, reboot 169 142,
removexattr 197 14, removexattrat 466 466, request_key 249 218, rt_sigqueueinfo 129 138,
rt_tgsigqueueinfo 297 240, sched_setaffinity 203 122, sched_setattr 314 274,
sched_setparam 142 118, sched_setscheduler 144 119, seccomp 317 277, semctl 66 191,
semget 64 190, semop 65 193, semtimedop 220 192, sendmmsg 307 269, sendmsg 46 211,
sendto 44 206, setdomainname 171 162, sethostname 170 161, setns 308 268, setpriority 141 140,
setsockopt 54 208, settimeofday 164 170, setxattr 188 5, setxattrat 463 463, shmat 30 196,
shmctl 31 195, shmdt 67 197, shmget 29 194, socket 41 198, socketpair 53 199, swapoff 168 225,
swapon 167 224, syslog 103 116, tgkill 234 131, tkill 200 130, truncate 76 45, umount2 166 39,
unshare 272 97, userfaultfd 323 282, utime 132 -, utimensat 280 88, utimes 235 -, vfork 58 -,
vhangup 153 58
"""

_libc = ctypes.CDLL(None, use_errno=True)


def machine() -> int | None:
    """The column of the table for this machine, None where its system calls are not known."""
    return MACHINES.get(os.uname().machine)


def numbers(column: int) -> dict[str, int]:
    """System calls of a machine by name; a call that it does not have is not in it."""
    rows = (row.split() for row in _NUMBERS.replace("\n", " ").split(","))
    return {row[0]: int(row[1 + column]) for row in rows if row[1 + column] != "-"}


def call(number: int, *arguments: object) -> int:
    """One system call with numbers, bytes or None; raises OSError when it fails."""
    given = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = int(_libc.syscall(ctypes.c_long(number), *given))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def prctl(option: int, *arguments: int) -> None:
    """Raises OSError when the kernel refuses."""
    given = [ctypes.c_ulong(a) for a in (*arguments, 0, 0, 0, 0)[:4]]
    if _libc.prctl(option, *given) < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def ioctl(descriptor: int, request: int, data: ctypes.Array[ctypes.c_char]) -> None:
    """Reads from and writes to `data`; raises OSError when the kernel refuses."""
    if _libc.ioctl(descriptor, ctypes.c_ulong(request), data) < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def connect(descriptor: int, address: bytes) -> int:
    """Connects a socket to an address as the kernel has it; 0, or the error's number."""
    if _libc.connect(descriptor, address, len(address)) == 0:
        return 0
    return ctypes.get_errno()


def drop_capabilities() -> None:
    """This thread has no capability left, nor has what it executes once no_new_privs is set."""
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    for capability in range(64):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            # past the last one, or no right to; execve gains nothing either way
            break
    header = ctypes.create_string_buffer(CAPABILITY_VERSION_3.to_bytes(4, "little") + bytes(4), 8)
    column = machine()
    assert column is not None, "the launcher runs on known machines only"
    call(numbers(column)["capset"], header, ctypes.create_string_buffer(24))


def plain_ioctl(descriptor: int, request: int) -> int:
    """An ioctl without data that returns a number; raises OSError when the kernel refuses."""
    result = int(_libc.ioctl(descriptor, ctypes.c_ulong(request), None))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def install_filter(program: bytes, flags: int) -> int:
    """Puts a BPF program on this thread's system calls; a descriptor when the flags ask for it.

    Raises OSError when the kernel refuses.
    """
    code = ctypes.create_string_buffer(program, len(program))
    header = (len(program) // 8).to_bytes(8, "little")
    header += ctypes.addressof(code).to_bytes(8, "little")
    column = machine()
    assert column is not None, "filters are made for known machines only"
    number = numbers(column)["seccomp"]
    return call(number, SECCOMP_SET_MODE_FILTER, flags, ctypes.create_string_buffer(header, 16))
