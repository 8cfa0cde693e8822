"""The rehearsal server: a scripted model that is reached as a real one is."""

from collections.abc import Mapping
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from agent.rehearsal.clock import RealTime, ServerTime
from agent.rehearsal.conditions import MODEL, Conditions
from agent.rehearsal.dialects import BY_PATH
from agent.rehearsal.endpoint import Endpoint
from agent.rehearsal.local_http import Answer, LocalServer, Received
from agent.rehearsal.player import Policy
from agent.rehearsal.refusals import refuse
from agent.rehearsal.script import Script
from agent.rehearsal.visit import SeenRequest
from agent.rehearsal.wire import Complaint, json_answer, model_entry, model_list

SERVED = 200


class RehearsalServer:
    """Serves one script from start to stop; without one it makes up short replies.

    Every reply says that it is one of the rehearsal, in `system_fingerprint` or `metadata`.
    """

    def __init__(
        self,
        script: Script | Policy | None,
        conditions: Conditions | None = None,
        time: ServerTime | None = None,
        port: int = 0,
    ) -> None:
        self._conditions = conditions or Conditions()
        self._time = time or RealTime()
        self._endpoint = Endpoint(script, self._conditions, self._time)
        self._http = LocalServer(self._answer, port=port, now=self._time.now)

    @property
    def base_url(self) -> str:
        return f"{self._http.url}/v1"

    @property
    def root_url(self) -> str:
        """What clients of the Messages dialect are given: they add the version themselves."""
        return self._http.url

    @property
    def requests(self) -> tuple[SeenRequest, ...]:
        """The newest requests, in their order."""
        return self._endpoint.seen

    def counters(self) -> Mapping[str, Any]:
        """Everything counted: `totals`, and `rows` for each account, model and minute."""
        return self._endpoint.counted()

    def totals(self) -> Mapping[str, Any]:
        """As the fields of counters.Count."""
        totals: Mapping[str, Any] = self.counters()["totals"]
        return totals

    def start(self) -> None:
        """Raises OSError when the port is taken."""
        self._http.start()

    def stop(self) -> None:
        """Ends every reply on its way; a server that was stopped is not started again."""
        self._time.stop()
        self._http.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _answer(self, received: Received) -> Answer:
        """The way to the version in the path is free: endpoints differ in it."""
        path = received.path.partition("?")[0]
        end = path.rpartition("/v1")[2]
        match received.method, end:
            case "GET", "/models":
                names = self._conditions.models or (MODEL,)
                return json_answer(200, model_list(*names, **self._model_facts()))
            case "GET", end if end.startswith("/models/"):
                return self._model(unquote(end.removeprefix("/models/")))
            case "GET", "/tcp_warming":
                return json_answer(200, {})
            case "GET", "/rehearsal/log":
                return json_answer(200, self._log())
            case "GET", "/rehearsal/counters":
                return json_answer(200, self.counters())
            case "POST", end if end in BY_PATH:
                return self._endpoint.answer(BY_PATH[end], received)
            case method, _:
                complaint = Complaint("path", {"method": method, "path": path})
                return refuse(self._conditions.flavour, complaint)

    def _model(self, name: str) -> Answer:
        if self._conditions.serves(name):
            return json_answer(200, model_entry(name, **self._model_facts()))
        served = (*self._conditions.models, MODEL)[0]
        complaint = Complaint("model", {"model": name, "served": served})
        return refuse(self._conditions.flavour, complaint)

    def _model_facts(self) -> dict[str, object]:
        field = self._conditions.flavour.window_field
        return {field: self._conditions.window_tokens} if field else {}

    def _log(self) -> Mapping[str, Any]:
        """The newest requests; of the input of those served, the share that a cache has spared."""
        seen = self.requests
        served = [each for each in seen if each.status == SERVED]
        asked = sum(each.prompt_tokens for each in served)
        spared = sum(each.cached_tokens for each in served)
        return {
            "cached_share": round(spared / asked, 4) if asked else 0.0,
            "requests": [{**asdict(each), "cached_share": each.cached_share} for each in seen],
        }
