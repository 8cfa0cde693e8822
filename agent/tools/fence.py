"""How results show text of files, names and commands."""

from agent.domain.fence import clip_line, harmless, numbered, plain_name, visible

__all__ = ["clip_line", "harmless", "numbered", "plain_name", "visible"]
