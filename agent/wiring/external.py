"""Opens the external servers of a run, and says which of their tools which role gets."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from importlib.util import find_spec

import anyio

from agent.config import Settings
from agent.context.tokens import Count, spec_tokens
from agent.domain.message import Role
from agent.domain.ports import Tool
from agent.domain.profile import Profile
from agent.errors import ConfigError
from agent.tools.external import ExternalTool, ServerPlace
from agent.tools.mcp_server import McpServer

Tell = Callable[[str], None]
"""Takes a sentence for the user."""


@asynccontextmanager
async def external_tools(
    settings: Settings, profiles: Mapping[Role, Profile], count: Count, tell: Tell
) -> AsyncIterator[dict[Role, tuple[Tool, ...]]]:
    """Each role's external tools while the servers are open; all are closed in the end.

    Raises ConfigError when servers are set and the SDK is not installed.
    """
    if not settings.servers:
        yield {}
        return
    if find_spec("mcp") is None:
        raise ConfigError(
            "servers are set and the MCP SDK is missing; install plan-gardener[mcp], "
            "or remove [servers]"
        )
    servers = [McpServer(place) for place in places_of(settings)]
    failed: Exception | None = None
    async with anyio.create_task_group() as group:
        async with anyio.create_task_group() as starting:
            for server in servers:
                starting.start_soon(group.start, server.live)
        for server in servers:
            tell_of_missing(server, tell)
        try:
            yield {
                role: of_role(settings, role, profile, servers, count, tell)
                for role, profile in profiles.items()
            }
        except Exception as error:  # noqa: BLE001 - raised again, outside of the group
            failed = error
        group.cancel_scope.cancel()
    if failed is not None:
        raise failed


def places_of(settings: Settings) -> list[ServerPlace]:
    secret = {name: value.get_secret_value() for name, value in settings.keys.items()}
    return [
        ServerPlace(
            name=name,
            tools=server.tools,
            timeout_seconds=server.timeout_seconds,
            command=server.command,
            env={variable: secret[variable] for variable in server.env if variable in secret},
            url=server.url or "",
            token=secret.get(server.key_env or "", ""),
        )
        for name, server in settings.servers.items()
    ]


def tell_of_missing(server: McpServer, tell: Tell) -> None:
    name = server.place.name
    if server.lost:
        tell(f"the server {name} gives no tools: {server.lost}")
        return
    missing = [tool for tool in server.place.tools if tool not in server.offers]
    if missing:
        offered = ", ".join(sorted(server.offers)[:20]) or "none"
        tell(f"the server {name} has no tool {', '.join(missing)}; it has: {offered}")


def of_role(
    settings: Settings,
    role: Role,
    profile: Profile,
    servers: list[McpServer],
    count: Count,
    tell: Tell,
) -> tuple[Tool, ...]:
    """The tools whose schemas fit the share of the window, in the order they are allowed."""
    room = int(profile.window_tokens * settings.server_share)
    kept: list[ExternalTool] = []
    left_out: list[str] = []
    for server in servers:
        if role not in settings.servers[server.place.name].roles:
            continue
        for tool in server.tools:
            tokens = spec_tokens((tool.spec,), count)
            if tokens <= room:
                room -= tokens
                kept.append(tool)
            else:
                left_out.append(f"{tool.spec.name} ({tokens:,})")
    if left_out:
        allowed = int(profile.window_tokens * settings.server_share)
        tell(
            f"left out for the {role}, since schemas of external tools may take {allowed:,} "
            f"tokens (server_share): {', '.join(left_out)}"
        )
    return tuple(kept)
