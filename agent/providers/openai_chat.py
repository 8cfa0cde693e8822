"""The adapter for endpoints that speak the OpenAI chat dialect, over the official SDK."""

from typing import TYPE_CHECKING, Any, ClassVar

from agent.domain.message import ModelRequest
from agent.providers.assembly import ChatAssembler
from agent.providers.chat_messages import request_body
from agent.providers.client import DialectClient
from agent.providers.sdk import Connection, OpenAIConnection

if TYPE_CHECKING:
    import httpx2


class OpenAIChat(DialectClient):
    path: ClassVar[str] = "/chat/completions"
    models_path: ClassVar[str] = "/models"

    def connect(self, http_client: "httpx2.AsyncClient | None") -> Connection:
        return OpenAIConnection(self._profile, self._key, http_client)

    def body(self, request: ModelRequest) -> dict[str, Any]:
        return request_body(request, self._profile)

    def assembler(self, request: ModelRequest) -> ChatAssembler:
        return ChatAssembler(request, self._profile)
