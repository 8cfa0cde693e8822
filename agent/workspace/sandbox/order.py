"""What the harness tells the launcher to run, and within which bounds."""

import marshal


class Order:
    """One command; passed on as a table of plain values, since the launcher loads little."""

    def __init__(
        self,
        *,
        argv: list[str],
        environment: dict[str, str],
        folder: str,
        program: bytes,
        inner_program: bytes,
        readable: list[str],
        writable: list[str],
        landlock_abi: int,
        network: bool,
        opened: list[int],
        memory_bytes: int,
        threads: int,
        disk_bytes: int,
        disks: list[str],
    ) -> None:
        self.argv = argv
        """A path, and arguments."""
        self.environment = environment
        self.folder = folder
        self.program = program
        """The filter of system calls, in BPF, whose questions the launcher answers; or none."""
        self.inner_program = inner_program
        """What bubblewrap adds inside its walls."""
        self.readable = readable
        self.writable = writable
        """Real paths."""
        self.landlock_abi = landlock_abi
        """The version to use, 0 for a program that builds its own walls: bubblewrap."""
        self.network = network
        self.opened = opened
        """Ports of this machine's loopback that the command may reach without a network."""
        self.memory_bytes = memory_bytes
        self.threads = threads
        self.disk_bytes = disk_bytes
        self.disks = disks
        """A folder on each file system that the command may write."""

    def packed(self) -> bytes:
        return marshal.dumps(vars(self))


def unpacked(data: bytes) -> Order:
    return Order(**marshal.loads(data))
