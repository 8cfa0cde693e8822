"""What of the machine commands may read: the system and tool chains, but no home."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

SYSTEM = (
    *("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr", "/etc", "/opt"),
    *("/nix", "/gnu", "/snap", "/sys"),
)
RESOLVER = "/etc/resolv.conf"
BINARIES = frozenset({"bin", "sbin", "shims", "scripts"})
TOOL_CHAINS = {
    ".asdf": "ASDF_DATA_DIR",
    ".bun": "",
    ".cargo/bin": "",
    ".cargo/config.toml": "",
    ".cargo/git": "",
    ".cargo/registry": "CARGO_HOME",
    ".deno": "",
    ".local/bin": "",
    ".local/lib": "",
    ".local/pipx": "",
    ".local/share/mise": "MISE_DATA_DIR",
    ".local/share/uv": "",
    ".nvm": "NVM_DIR",
    ".pyenv": "PYENV_ROOT",
    ".rbenv": "RBENV_ROOT",
    ".rustup": "RUSTUP_HOME",
    ".sdkman": "SDKMAN_DIR",
    ".volta": "VOLTA_HOME",
    "go/bin": "",
    "go/pkg/mod": "GOMODCACHE",
}
"""Folders below the home that hold programs, without the keys beside them, and the variable with
which each is found from another home."""
CACHES = frozenset({"CARGO_HOME", "GOMODCACHE"})
"""Variables that name where downloads are kept."""
HOLDS_MORE = {"CARGO_HOME": ".cargo"}
"""Variables that name the folder around what may be read."""


def readable_paths(environment: Mapping[str, str], extra: tuple[Path, ...]) -> tuple[Path, ...]:
    """System folders, tool chains, what PATH leads to, and `extra`; each exists."""
    home = environment.get("HOME", "")
    paths = [Path(path) for path in SYSTEM]
    paths += [Path(home) / name for name in TOOL_CHAINS if home]
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if environment.get(name):
            paths.append(Path(environment[name]))
    for folder in environment.get("PATH", "").split(os.pathsep):
        paths += programs_at(Path(folder), Path(home)) if os.path.isabs(folder) else []
    paths += [Path(os.path.realpath(RESOLVER)), *extra]
    return tuple(outermost(path for path in paths if path.exists()))


def tool_chain_variables(environment: Mapping[str, str], *, caches: bool = True) -> dict[str, str]:
    """The variables of the tool chains that are in the home.

    Without `caches`, what package managers download goes to the command's own home, since they
    cannot write to the user's.
    """
    home = environment.get("HOME", "")
    return {
        variable: os.path.join(home, HOLDS_MORE.get(variable, name))
        for name, variable in TOOL_CHAINS.items()
        if home
        and variable
        and os.path.isdir(os.path.join(home, name))
        and (caches or variable not in CACHES)
    }


def programs_at(folder: Path, home: Path) -> Iterator[Path]:
    """A folder of PATH, the installation it belongs to, and those its links lead to."""
    yield folder
    yield from installation(folder, home)
    if any(folder.is_relative_to(path) for path in SYSTEM) or not folder.is_dir():
        return
    for name in ("python", "python3", "node"):
        target = Path(os.path.realpath(folder / name))
        if target.exists():
            yield from installation(target.parent, home)


def installation(folder: Path, home: Path) -> Iterator[Path]:
    """The folder above `bin`, unless that is a home or holds more than programs."""
    above = folder.parent
    wide = {Path("/"), home, home / ".local", home / ".cargo", home / "go", *home.parents}
    if folder.name.lower() in BINARIES and above not in wide:
        yield above


def outermost(paths: Iterator[Path]) -> Iterator[Path]:
    """Each once, without those that lie in another of them."""
    kept: list[Path] = []
    for path in sorted(set(paths), key=lambda path: len(path.parts)):
        if not any(path.is_relative_to(other) for other in kept):
            kept.append(path)
            yield path
