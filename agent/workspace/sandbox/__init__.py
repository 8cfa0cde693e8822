"""What commands run in: as much of the machine as they need, and nothing of it when they end.

Two sandboxes, the first that a trial shows to hold is taken (`choose`). For each command, `Sandbox`
(`sandbox`) makes a `Job` (`rules`), the backend turns it into an `Order` (`bubblewrap` or
`landlocked`, both plain functions), and a launcher carries it out (`launcher`): a small process
between harness and command that confines it, watches it and ends it. `cell` talks to launchers, and
`nursery` has one ready, since starting Python takes longer than most commands.

Both hold:

- Files: written are the checkout without its `.git`, and a home and temporary files of the
  command's own; read are these, the repository's git folder without the journals of runs, the
  system and tool chains (`readable`). `/etc` and `/usr` are among them, homes and keys are not.
- Processes: none outside can be signalled, traced or read, and none is left at the end (`tree`).
- Network: nobody but the command's own servers and the ports of `run(ports=...)`, unless the rules
  open it. Then the local network and this machine's servers are open as well.
- Kernel: a filter refuses mounts, name spaces, keys, BPF, io_uring, set-user-ID modes and the like
  (`seccomp`).
- Git: what a command puts in the place of `.git` is undone (`checkout`), and the harness's own git
  never runs a program that a repository names.
- Bounds: memory, written bytes, processes with threads, time. The kernel bounds each process
  (`RLIMIT_DATA`, `RLIMIT_FSIZE`), and processes for all users but root; what all use together is
  looked at ten times a second, so a bound can be passed for a moment.

Bubblewrap (`bubblewrap`, `bridge`) gives a file system, process numbers and a network of its own,
so what lies outside cannot even be seen.

Landlock (`landlock`, Linux 5.19) takes no rights and no package. It leaves some calls to the user's
own rights: sockets, modes, owners, times, and on older kernels signals. A filter passes these to
the launcher, which decides, and acts on what it read once (`question`, `supervisor`, `sockets`,
`metadata`). It costs:

- `/tmp` and `/dev/shm` are closed: programs find `TMPDIR`, but POSIX semaphores, and with them
  Python's `multiprocessing.Lock`, do not work.
- That a file or process is there, and a file's size and times, can be seen of all.
- Datagrams are refused without a network.
- Where `.git` is a folder of the checkout, as in the user's own, nothing new can be made beside it.
- A signal that arrives while a question waits makes the call fail with EINTR.

Neither holds against a fault of the kernel, hides how busy the machine is, or keeps a command from
using up the processor for as long as its time allows. As root, a bomb whose processes all leave
their group is ended by looking only.
"""
