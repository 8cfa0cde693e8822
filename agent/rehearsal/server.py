"""The rehearsal server: a scripted model that is reached as a real one is."""

from collections.abc import Mapping
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

from agent.rehearsal.clock import RealTime, ServerTime
from agent.rehearsal.conditions import MODEL, Conditions
from agent.rehearsal.dialects import BY_PATH
from agent.rehearsal.endpoint import Endpoint
from agent.rehearsal.local_http import Answer, LocalServer, Received
from agent.rehearsal.refusals import refuse
from agent.rehearsal.script import Script
from agent.rehearsal.visit import SeenRequest
from agent.rehearsal.wire import Complaint, json_answer, model_list


class RehearsalServer:
    """Serves one script from start to stop; without one it makes up short replies.

    Every reply says that it is one of the rehearsal, in `system_fingerprint` or `metadata`.
    """

    def __init__(
        self,
        script: Script | None,
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
                return json_answer(200, model_list(*(self._conditions.models or (MODEL,))))
            case "GET", "/tcp_warming":
                return json_answer(200, {})
            case "GET", "/rehearsal/log":
                return json_answer(200, {"requests": [asdict(seen) for seen in self.requests]})
            case "GET", "/rehearsal/counters":
                return json_answer(200, self.counters())
            case "POST", end if end in BY_PATH:
                return self._endpoint.answer(BY_PATH[end], received)
            case method, _:
                complaint = Complaint("path", {"method": method, "path": path})
                return refuse(self._conditions.flavour, complaint)
