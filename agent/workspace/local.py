"""A checkout on this machine."""

import errno
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from agent.domain.ports import CommandResult
from agent.errors import DiskFull, GardenerError, WorkspaceError
from agent.workspace.adding import add_all
from agent.workspace.git import (
    Answer,
    ask_checkout,
    clone,
    identity_options,
    tell_checkout,
)
from agent.workspace.git_process import in_thread, on_leash
from agent.workspace.paths import resolve, resolve_entry
from agent.workspace.process import clean_environment, run_command
from agent.workspace.sandbox.checkout import remove_tree, unlock
from agent.workspace.sandbox.sandbox import Sandbox

MAX_FILE_BYTES = 20_000_000
REF_PREFIX = "refs/gardener/"


class LocalWorkspace:
    """Implements `domain.ports.Workspace` over the git checkout at `root`.

    `environment` has the variables that commands may see. In a `sandbox`, `home` is theirs to
    keep; without one, each command has its own.
    """

    def __init__(
        self,
        root: Path,
        environment: Mapping[str, str],
        *,
        max_output_bytes: int = 100_000,
        sandbox: Sandbox | None = None,
        home: Path | None = None,
    ) -> None:
        self._root = root.resolve()
        self._environment = dict(environment)
        self._max_output_bytes = max_output_bytes
        self._sandbox = sandbox
        self._home = home.resolve() if home else None

    @property
    def root(self) -> Path:
        return self._root

    def exists(self, path: str) -> bool:
        return os.path.exists(resolve(self._root, path))

    def read_text(self, path: str) -> str:
        file = resolve(self._root, path)
        try:
            state = file.stat()
            if stat.S_ISDIR(state.st_mode):
                raise WorkspaceError(f"{path!r} is a folder; name a file in it")
            if not stat.S_ISREG(state.st_mode):
                raise WorkspaceError(f"{path!r} is not a regular file; leave it alone")
            if state.st_size > MAX_FILE_BYTES:
                raise WorkspaceError(f"{path!r} is too large to read; inspect it by command")
            return file.read_bytes().decode()
        except FileNotFoundError:
            raise WorkspaceError(f"there is no file {path!r}; check the path") from None
        except UnicodeDecodeError:
            raise WorkspaceError(f"{path!r} is not UTF-8 text; inspect it by command") from None
        except OSError as error:
            raise failed("read", path, error) from error

    def write_text(self, path: str, text: str) -> None:
        file = resolve(self._root, path)
        if os.path.isdir(file):
            raise WorkspaceError(f"{path!r} is a folder; name a file in it")
        try:
            data = text.encode()
            file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(file, data)
        except UnicodeEncodeError:
            raise WorkspaceError(f"the text for {path!r} is not valid Unicode; mend it") from None
        except (FileExistsError, NotADirectoryError):
            raise WorkspaceError(f"a folder in {path!r} is a file; choose another path") from None
        except OSError as error:
            raise failed("write", path, error) from error

    def delete(self, path: str) -> None:
        file = resolve_entry(self._root, path)
        try:
            if file.is_dir() and not file.is_symlink():
                raise WorkspaceError(f"{path!r} is a folder; delete the files in it")
            file.unlink()
        except FileNotFoundError:
            raise WorkspaceError(f"there is no file {path!r}; nothing to delete") from None
        except OSError as error:
            raise failed("delete", path, error) from error

    async def files(self) -> tuple[str, ...]:
        listed = await self._git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        return await in_thread(lambda: present_files(self._root, listed.names))

    async def run(
        self,
        command: str,
        *,
        timeout_seconds: float,
        env: Mapping[str, str] | None = None,
        folder: str = "",
        ports: tuple[int, ...] = (),
        on_output: Callable[[str], None] | None = None,
    ) -> CommandResult:
        where = resolve(self._root, folder or ".")
        seen = clean_environment(self._environment, env)
        if self._sandbox is None:
            return await run_command(
                command,
                cwd=where,
                env=seen,
                timeout_seconds=timeout_seconds,
                max_output_bytes=self._max_output_bytes,
                on_output=on_output,
            )
        return await self._sandbox.run(
            command,
            root=self._root,
            folder=where,
            home=self._home,
            environment=seen,
            ports=ports,
            timeout_seconds=timeout_seconds,
            max_output_bytes=self._max_output_bytes,
            on_output=on_output,
        )

    async def head(self) -> str:
        return (await self._git("rev-parse", "HEAD")).text

    async def is_dirty(self) -> bool:
        options = ("--porcelain", "--untracked-files=normal", "--ignore-submodules=all")
        return bool((await self._git("status", *options)).output)

    async def commit(self, message: str) -> str:
        """An empty commit is made when nothing changed: the message is evidence too.

        What a submodule holds is not committed; the files of another repository in the checkout
        are.
        """
        await on_leash(lambda: add_all(self._root, mend=True))
        identity = await on_leash(lambda: identity_options(self._root))
        await self._git(
            *identity,
            *("commit", "--allow-empty", "--no-verify", "--quiet"),
            *("--cleanup=whitespace", "-m", message),
        )
        return await self.head()

    async def message_of(self, commit: str) -> str:
        options = ("-1", "--no-show-signature", "--format=%B", "--end-of-options")
        return (await self._git("log", *options, commit)).text.strip()

    async def changed_files(self, base: str) -> tuple[str, ...]:
        changed = await self._git(
            *("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff"),
            "--ignore-submodules=all",
            *("--end-of-options", base, "--"),
        )
        fresh = await self._git("ls-files", "-z", "--others", "--exclude-standard")
        return tuple(sorted({*changed.names, *fresh.names}))

    async def show(self, commit: str, path: str) -> str | None:
        name = f"{commit}:{path}"
        blob = await on_leash(lambda: ask_checkout(self._root, "cat-file", "blob", name))
        if blob.code == 0:
            return blob.output.decode(errors="replace")
        await self._git("rev-parse", "--verify", f"{commit}^{{commit}}")
        return None

    async def checkpoint(self, name: str) -> str:
        """The checkpoint's commit has HEAD as its parent."""
        ref = REF_PREFIX + name
        head = await self.head()
        index = await self._git("rev-parse", "--git-path", "index")
        with tempfile.TemporaryDirectory(prefix="gardener-") as folder:
            copy = Path(folder) / "index"
            own = {"GIT_INDEX_FILE": str(copy)}
            if (source := self._root / index.text).is_file():
                shutil.copyfile(source, copy)
            await on_leash(lambda: add_all(self._root, mend=False, env=own))
            tree = (await self._git("write-tree", env=own)).text
        identity = await on_leash(lambda: identity_options(self._root))
        made = await self._git(
            *identity, "commit-tree", tree, "-p", head, "-m", f"checkpoint {name}"
        )
        await self._git("update-ref", ref, made.text)
        return ref

    async def reset(self) -> None:
        try:
            await self._throw_away()
        except WorkspaceError:
            # a command may have closed folders to git, and to everybody
            await in_thread(lambda: unlock(self._root))
            await self._throw_away()

    async def _throw_away(self) -> None:
        await self._git("reset", "--hard", "--quiet")
        # twice forced, other repositories in the checkout go as well; in the user's own checkout,
        # which alone has git's folder in it, they may be the user's
        twice = () if (self._root / ".git").is_dir() else ("--force",)
        await self._git("clean", "-d", "--force", *twice, "--quiet")

    @asynccontextmanager
    async def clean_copy(self, commit: str = "") -> AsyncIterator["LocalWorkspace"]:
        commit = commit or await self.head()
        folder = await in_thread(lambda: Path(tempfile.mkdtemp(prefix="gardener-")))
        try:
            copy = folder / "checkout"
            await on_leash(lambda: clone(self._root, copy, commit))
            yield LocalWorkspace(
                copy,
                self._environment,
                max_output_bytes=self._max_output_bytes,
                sandbox=self._sandbox,
                home=folder / "home",
            )
        finally:
            with anyio.CancelScope(shield=True):
                await in_thread(lambda: remove_tree(folder))

    async def settle(self, branch: str, commit: str) -> None:
        await self._git("symbolic-ref", "HEAD", f"refs/heads/{branch}")
        await self._git("reset", "--soft", "--quiet", commit)

    async def _git(self, *arguments: str, env: Mapping[str, str] | None = None) -> Answer:
        return await on_leash(lambda: tell_checkout(self._root, *arguments, env=env))


def failed(what: str, path: str, error: OSError) -> GardenerError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"cannot {what} {path!r}")
    return WorkspaceError(f"cannot {what} {path!r}: {error.strerror}; check the path")


def present_files(root: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    """Each of git's entries once, without deleted files and nested repositories."""
    paths = ((name, root / name) for name in dict.fromkeys(names))
    return tuple(name for name, path in paths if path.is_symlink() or path.is_file())


def replace_file(file: Path, data: bytes) -> None:
    """Puts `data` in place of the file's content at once, with the mode the file had."""
    fresh = file.with_name(f".gardener-{secrets.token_hex(6)}")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(descriptor, "wb") as target:
            if file.exists():
                os.fchmod(target.fileno(), stat.S_IMODE(file.stat().st_mode))
            target.write(data)
        os.replace(fresh, file)
    finally:
        fresh.unlink(missing_ok=True)
