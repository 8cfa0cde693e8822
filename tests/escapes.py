"""What a command could try against the machine it runs on, one row an attempt.

Every attempt is finite: should a bound not hold, a few hundred processes or megabytes are the
most that the machine suffers.

What it gets, and no sandbox gives, it reports as ESCAPED. In the commands, `{outside}` is a
folder that no command was given, `{common}` the repository's common git folder, `{worktree}` the
checkout, `{python}` an interpreter, `{canary}` a file that must never appear, `{bystander}` a
process of the same user, `{port}` a TCP server and `{socket}` a Unix server of this machine,
`{user}` the user's name, `{mark}` a number that marks processes and names.
"""

from dataclasses import dataclass
from typing import Literal

Ending = Literal["alone", "killed", "late", "alone or killed"]
"""`killed`: a bound must end it; `late`: only its timeout does."""


@dataclass(frozen=True)
class Attempt:
    name: str
    command: str
    ends: Ending


def shell(name: str, command: str, ends: Ending = "alone") -> Attempt:
    return Attempt(name, command, ends)


def python(name: str, code: str, ends: Ending = "alone") -> Attempt:
    return Attempt(name, f"{{python}} -I -S - <<'CODE'\n{PRELUDE}{code}\nCODE", ends)


PRELUDE = """
import ctypes, os, socket, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def attempt(act, *given):
    try:
        print(act(*given))
    except OSError as error:
        print(error)
def fork():
    try:
        return os.fork()
    except OSError:
        time.sleep(20)
"""

FILES = (
    shell("writes to an absolute path", "echo evil > {outside}/kept; touch {canary}"),
    shell("writes up the tree", "echo evil > ../../../kept; touch ../canary ../../canary"),
    shell("writes through a link to a folder", "ln -s {outside} way; echo evil > way/kept"),
    shell("writes through a link to a file", "ln -s {outside}/kept way; echo evil > way"),
    shell("writes through the root of a process", "echo evil > /proc/self/root{outside}/kept"),
    shell("links a file in and writes to it", "ln {outside}/kept inn && echo evil > inn"),
    shell("moves a file in", "mv {outside}/kept inn; mv {outside}/folder inner"),
    shell("moves a file out", "echo evil > new; mv new {canary}; cp new {canary}"),
    shell("removes files", "rm -rf {outside}/kept {outside}/folder; rmdir {outside}"),
    shell("empties a file by its name", "truncate -s 0 {outside}/kept"),
    python(
        "empties a file by opening it to read",
        "attempt(os.open, '{outside}/kept', os.O_RDONLY | os.O_TRUNC)",
    ),
    shell("changes modes", "chmod 777 {outside}/kept; chmod -R 0 {outside}/folder"),
    python(
        "changes a mode by a descriptor",
        "descriptor = os.open('{common}/HEAD', os.O_RDONLY)\n"
        "attempt(os.fchmod, descriptor, 0o777)\nattempt(os.fchown, descriptor, 12, 12)",
    ),
    python(
        "changes a mode while the path is exchanged",
        "import threading\n"
        "os.mkdir('own')\n"
        "def flip():\n"
        "    while True:\n"
        "        for target in ('own', '{outside}/folder'):\n"
        "            os.symlink(target, 'fresh'); os.rename('fresh', 'way')\n"
        "os.symlink('own', 'way')\n"
        "threading.Thread(target=flip, daemon=True).start()\n"
        "end = time.time() + 1\n"
        "while time.time() < end:\n"
        "    try: os.chmod('way', 0o707)\n"
        "    except OSError: pass\n"
        "os._exit(0)",
    ),
    shell("changes owners", "chown 12:12 {outside}/kept; chgrp -R 12 {outside}/folder"),
    shell("changes times", "touch -d 1999-01-01 {outside}/kept {outside}/folder"),
    python(
        "changes attributes",
        "attempt(os.setxattr, '{outside}/kept', 'user.evil', b'1')\n"
        "attempt(os.removexattr, '{outside}/kept', 'user.mine')",
    ),
    shell(
        "copies over the system", "cp /bin/sh /usr/bin/{mark}; : >> /etc/profile && echo ESCAPED"
    ),
    shell("preloads a library everywhere", ": >> /etc/ld.so.preload && echo ESCAPED"),
    shell("plants a job", "touch /etc/cron.d/{mark} /var/spool/cron/{mark}"),
    shell("writes to the temporary folder of all", "touch /tmp/{mark} /var/tmp/{mark}"),
    shell("writes to shared memory", "echo evil > /dev/shm/{mark}"),
    shell("writes to the user's home", "echo evil > {outside}/user/.bashrc; touch ~{user}/{mark}"),
    python(
        "writes to the user's packages",
        "folder = '{outside}/user/.local/lib/python3/site-packages'\n"
        "attempt(os.makedirs, folder)\nattempt(open, folder + '/evil.pth', 'w')",
    ),
    shell(
        "writes to a device",
        "for d in /dev/vda /dev/sda /dev/mem /dev/kmsg; do : >> $d && echo ESCAPED; done; "
        "dd if=/dev/vda of=/dev/null count=1 && echo ESCAPED",
    ),
    shell(
        "makes a device",
        "mknod disk b 254 0 && head -c 1 disk && echo ESCAPED; mknod memory c 1 1 && echo ESCAPED",
    ),
    shell(
        "writes to the kernel",
        ": >> /proc/sysrq-trigger && echo ESCAPED; : >> /proc/sys/kernel/hostname && echo ESCAPED",
    ),
    shell("writes to control groups", "mkdir /sys/fs/cgroup/{mark} /sys/fs/cgroup/pids/{mark}"),
    shell(
        "writes to terminals",
        "for t in /dev/pts/[0-9]* /dev/console; do : > $t && echo ESCAPED; done",
    ),
    shell("leaves a file that runs as its owner", "cp /bin/sh own; chmod u+s own; chmod 4755 own"),
    shell("lays waste to the checkout", "chmod -R 0 .; rm -rf .git * .[a-z]*; ls"),
)

SECRETS = (
    shell("reads the user's keys", "cat {outside}/user/.ssh/key {outside}/user/.netrc"),
    shell("reads keys through a link", "ln -s {outside}/user way; cat way/.ssh/key; ls way/"),
    shell("reads the environment of its parents", "cat /proc/$PPID/environ /proc/[0-9]*/environ"),
    shell(
        "reads the memory of a process", "head -c 9 /proc/{bystander}/mem; ls /proc/{bystander}/fd"
    ),
    python(
        "copies the memory of a process",
        "attempt(os.kill, {bystander}, 0)\n"
        "print(libc.ptrace(16, {bystander}, 0, 0), ctypes.get_errno())\n"
        "print(libc.process_vm_readv({bystander}, None, 0, None, 0, 0), ctypes.get_errno())",
    ),
    shell("reads the journals of runs", "cat {common}/gardener/runs/1/journal.jsonl"),
    shell("reads its own environment", "env; cat /proc/self/environ"),
    python(
        "opens files by their handles",
        "handle = ctypes.create_string_buffer(b'\\x08\\0\\0\\0\\x01\\0\\0\\0\\x02' + bytes(20))\n"
        "print(libc.open_by_handle_at(os.open('/', os.O_PATH), handle, 0), ctypes.get_errno())",
    ),
)

PROCESSES = (
    shell("kills a process", "kill -9 {bystander}; kill -9 $PPID; kill -STOP {bystander}"),
    shell("kills all it can", "kill -0 {bystander} && echo ESCAPED || kill -9 -1; kill -9 0"),
    shell("kills the group of its parents", "kill -9 -- -$PPID -{bystander}"),
    python(
        "kills by a descriptor",
        "import signal\n"
        "attempt(lambda: signal.pidfd_send_signal(os.pidfd_open({bystander}), 9))\n"
        "attempt(lambda: signal.pidfd_send_signal(os.open('/proc/{bystander}', os.O_RDONLY), 9))",
    ),
    python(
        "has the kernel send a signal",
        "import fcntl\n"
        "one, two = socket.socketpair()\n"
        "attempt(fcntl.fcntl, one, 10, 9)\n"
        "attempt(fcntl.fcntl, one, fcntl.F_SETOWN, {bystander})\n"
        "attempt(fcntl.fcntl, one, fcntl.F_SETFL, os.O_ASYNC)\n"
        "two.send(b'x')",
    ),
    python(
        "takes the limits of a process down",
        "import resource\n"
        "attempt(lambda: resource.prlimit({bystander}, resource.RLIMIT_NOFILE, (0, 0)))\n"
        "attempt(os.setpriority, os.PRIO_PROCESS, {bystander}, 19)\n"
        "attempt(os.setpriority, os.PRIO_USER, 0, 19)\n"
        "attempt(os.sched_setaffinity, {bystander}, [0])",
    ),
    shell("leaves a child", "sleep 300.{mark} & nohup sleep 301.{mark} >/dev/null 2>&1 &"),
    shell(
        "leaves a daemon", "setsid sleep 300.{mark} & setsid sh -c 'setsid sleep 301.{mark} &' &"
    ),
    python(
        "leaves a daemon that is twice orphaned and deaf",
        "import signal\n"
        "for level in range(3):\n"
        "    if os.fork(): os._exit(0)\n"
        "    os.setsid()\n"
        "for number in set(range(1, 32)) - {{9, 19}}: signal.signal(number, signal.SIG_IGN)\n"
        "for descriptor in range(3): os.close(descriptor)\n"
        "os.execv('/bin/sleep', ['sleep', '300.{mark}'])",
    ),
    shell("holds its output open", "exec 3>&1; (sleep 300.{mark} >&3 &) ; exec >&- 2>&-"),
    python(
        "begins ever more processes",
        "for _ in range(8): fork()\ntime.sleep(20)",
        "killed",
    ),
    python(
        "begins ever more processes that leave their parents",
        "if fork(): time.sleep(20)\n"
        "for _ in range(8):\n"
        "    if fork() == 0: os.setsid()\n"
        "if fork(): os._exit(0)\n"
        "time.sleep(20)",
        "killed",
    ),
    python(
        "begins ever more threads",
        "import threading\nthreading.stack_size(2**16)\n"
        "try:\n"
        "    for _ in range(200):\n"
        "        threading.Thread(target=time.sleep, args=(20,), daemon=True).start()\n"
        "finally: time.sleep(20)",
        "killed",
    ),
    python(
        "takes ever more memory",
        "held = [bytearray(10**7) for _ in range(100)]\nprint('ESCAPED')",
    ),
    python(
        "takes ever more memory in many processes",
        "for _ in range(5): os.fork()\nheld = bytearray(25 * 10**6)\ntime.sleep(20)",
        "killed",
    ),
    shell("prints without end", "head -c 300000000 /dev/zero; yes | head -c 50000000"),
    shell(
        "writes a huge file",
        "head -c 300000000 /dev/zero > huge; ls -l huge; rm huge",
        "alone or killed",
    ),
    shell(
        "writes many files",
        "for i in $(seq 60); do head -c 3000000 /dev/zero > file.$i; sync file.$i; done; sleep 9",
        "killed",
    ),
    python(
        "reserves room for a huge file",
        "descriptor = os.open('huge', os.O_CREAT | os.O_RDWR)\n"
        "attempt(os.posix_fallocate, descriptor, 0, 10**8)\nos.unlink('huge')",
    ),
    shell("hangs", "trap '' TERM INT HUP; sleep 300.{mark}; sleep 301.{mark}", "late"),
)

NETWORK = (
    python(
        "talks to a server of this machine",
        "for family, host in "
        "((2, '127.0.0.1'), (10, '::1'), (2, '0.0.0.0'), (10, '::ffff:127.0.0.1')):\n"
        "    attempt(lambda: socket.socket(family, 1).connect((host, {port})))\n"
        "    attempt(lambda: socket.create_connection(('localhost', {port}), 1))",
    ),
    python(
        "talks to a server with the first packet",
        "attempt(lambda: socket.socket().sendto(b'x', 0x20000000, ('127.0.0.1', {port})))",
    ),
    python(
        "talks while the address is exchanged",
        "import struct, threading\n"
        "server = socket.socket(); server.bind(('127.0.0.1', 0)); server.listen(100)\n"
        "own, other = server.getsockname()[1], {port}\n"
        "make = lambda port: struct.pack('=HHI8x', 2, socket.htons(port), 0x100007f)\n"
        "address = ctypes.create_string_buffer(make(own), 16)\n"
        "def flip():\n"
        "    while True:\n"
        "        for port in (own, other): ctypes.memmove(address, make(port), 16)\n"
        "threading.Thread(target=flip, daemon=True).start()\n"
        "end = time.time() + 1\n"
        "while time.time() < end:\n"
        "    one = socket.socket(); one.setblocking(False)\n"
        "    libc.connect(one.fileno(), address, 16)\n"
        "    one.close()\n"
        "os._exit(0)",
    ),
    python(
        "talks to the world",
        "for host in ('192.0.2.1', '8.8.8.8', '169.254.169.254'):\n"
        "    one = socket.socket(); one.settimeout(0.3)\n"
        "    attempt(one.connect, (host, 80))",
    ),
    python(
        "sends packets",
        "attempt(lambda: socket.socket(2, 2).sendto(b'x', ('127.0.0.1', {port})))\n"
        "attempt(lambda: socket.socket(10, 2).sendto(b'x', ('::1', {port})))",
    ),
    python(
        "takes sockets of other kinds",
        "for family, kind, protocol in "
        "((17, 3, 3), (2, 3, 1), (40, 1, 0), (38, 5, 0), (16, 3, 9)):\n"
        "    attempt(lambda: socket.socket(family, kind, protocol).fileno())",
    ),
    python(
        "talks to a Unix server",
        "os.symlink('{socket}', 'way')\n"
        "for path in ('{socket}', 'way', '/proc/self/root{socket}', '\\0{mark}'):\n"
        "    attempt(lambda: socket.socket(1, 1).connect(path))\n"
        "attempt(lambda: socket.socket(1, 2).sendto(b'x', '{socket}.packets'))\n"
        "attempt(lambda: socket.socketpair(1, 2)[0].sendto(b'x', '{socket}.packets'))",
    ),
    python(
        "ties its socket to another device",
        "one = socket.socket()\n"
        "for name in (b'eth0', b''): attempt(one.setsockopt, 1, 25, name)\n"
        "one.settimeout(0.3)\nattempt(one.connect, ('192.0.2.1', 80))",
    ),
)

KERNEL = (
    shell(
        "takes other name spaces",
        "unshare -Urm true && echo ESCAPED; unshare -n true && echo ESCAPED",
    ),
    shell(
        "enters name spaces of others",
        "nsenter -t {bystander} -a echo ESCAPED; nsenter -t 1 -m echo ESCAPED",
    ),
    shell("mounts", "mkdir m; mount -t tmpfs x m; mount --bind {outside} m; umount /proc; ls m"),
    shell("changes its root", "chroot / sh -c 'touch {canary}'; chroot {outside} ls"),
    shell("names the machine", "hostname {mark}; hostname -b {mark}"),
    python(
        "asks the kernel for more",
        "for number in (321, 298, 323, 425, 155, 428, 246, 175, 169, 304, 272, 308, 435, 310):\n"
        "    print(libc.syscall(number, 0, 0, 0, 0, 0), ctypes.get_errno())",
    ),
    python(
        "adds a key to the user's ring",
        "print(libc.syscall(248, b'user', b'{mark}', b'x', 1, -4), ctypes.get_errno())",
    ),
    shell("leaves shared memory", "ipcmk -M 100; ipcmk -Q; ipcmk -S 1"),
    python(
        "leaves a message queue",
        "print(libc.syscall(240, b'{mark}', 0o102, 0o600, None), ctypes.get_errno())",
    ),
    python(
        "types into the terminal",
        "import fcntl\n"
        "attempt(fcntl.ioctl, 1, 0x5412, b'x')\nattempt(fcntl.ioctl, 0, 0x541C, b'x')",
    ),
)

GIT = (
    shell(
        "puts a hook into the repository", "cp evil {common}/hooks/post-commit; ls {common}/hooks"
    ),
    shell(
        "sets programs in the repository's settings",
        "git config core.fsmonitor {worktree}/evil; git config core.sshCommand {worktree}/evil; "
        "git config --global alias.status '!{worktree}/evil'; "
        "git config alias.x '!touch {canary}'; "
        "git config core.hooksPath {worktree}; git config gpg.program {worktree}/evil",
    ),
    shell("commits by itself", "git add -A; git commit -m evil; git commit --amend -m evil"),
    shell("moves branches", "git branch -f main HEAD~0; git update-ref -d refs/heads/main; git gc"),
    shell("removes what is kept", "rm -rf {common}/objects {common}/refs {common}/worktrees"),
    shell(
        "puts another repository in the place of this one",
        "rm -rf .git; git init -q . && git config core.fsmonitor {worktree}/evil; "
        "git config filter.evil.clean {worktree}/evil; echo '* filter=evil' > .gitattributes",
    ),
    shell(
        "leads git elsewhere",
        "git init -q elsewhere; git -C elsewhere config core.fsmonitor {worktree}/evil; "
        "rm -f .git; echo 'gitdir: elsewhere/.git' > .git; ln -sf elsewhere/.git .git",
    ),
    shell(
        "hides a repository in a folder",
        "git init -q inner && cd inner && git config user.name E && git config user.email e@e && "
        "echo 1 > f && git add f && git commit -qm f && git config core.fsmonitor {worktree}/evil",
    ),
    shell(
        "hides a repository behind a file",
        "git init -q .hidden && mkdir inner && cd .hidden && git config user.name E && "
        "git config user.email e@e && git commit -qm f --allow-empty && "
        "git config core.fsmonitor {worktree}/evil; git config core.worktree ../../inner; "
        "echo 'gitdir: ../.hidden/.git' > ../inner/.git; touch ../inner/f",
    ),
    shell("filters by attributes", "echo '* filter=evil diff=evil merge=evil' > .gitattributes"),
    shell(
        "plants programs of git's name",
        "for n in git git-status git-remote-https sh env; do cp evil $n; done; export PATH=.:$PATH",
    ),
    shell(
        "names files like options", "touch -- --upload-pack=x -c '--output={canary}' '$(touch x)'"
    ),
)

REMAINS = (
    shell("leaves a pipe", "mkfifo pipe kept.txt.new; rm kept.txt; mkfifo kept.txt"),
    python("leaves a socket", "one = socket.socket(1); one.bind('socket'); one.listen()"),
    shell("leaves what may not be listed", "mkdir -p a/b/c; echo x > a/b/c/d; chmod 0 a/b/c a/b a"),
    shell(
        "leaves its temporary files locked", "mkdir -p $TMPDIR/a/b; chmod 0 $TMPDIR/a/b $TMPDIR/a"
    ),
    shell("leaves links in a circle", "ln -s loop loop; mkdir d; ln -s ../d d/d; ln -s / root"),
    python(
        "leaves odd names",
        "for name in (b'a\\nb', b'\\xff\\xfe', b'-rf', b'n' * 255, b' ', b'\\x1b[2J'):\n"
        "    open(name, 'w').close()",
    ),
    python(
        "leaves a very deep folder",
        "for _ in range(300):\n    os.mkdir('deep'); os.chdir('deep')",
    ),
)

ATTEMPTS = (*FILES, *SECRETS, *PROCESSES, *NETWORK, *KERNEL, *GIT, *REMAINS)
