import json
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer

from todo_chat.assistant import AssistantError, answer
from todo_chat.store import Todo, Turn

TODOS = [Todo(1, "buy milk", False), Todo(2, "call Ada", True)]


class FakeEndpoint(HTTPServer):
    """Answers every request with `status` and `reply`, and keeps what it was asked."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), FakeHandler)
        self.status = 200
        self.reply = {"choices": [{"message": {"content": " The milk. "}}]}
        self.requests = []


class FakeHandler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, self.headers["Authorization"], body))
        data = json.dumps(self.server.reply).encode()
        self.send_response_only(self.server.status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class AssistantTest(unittest.TestCase):
    def setUp(self):
        self.endpoint = FakeEndpoint()
        thread = threading.Thread(target=self.endpoint.serve_forever, args=(0.01,))
        thread.start()
        self.addCleanup(self.endpoint.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(self.endpoint.shutdown)
        self.environment = {
            "OPENAI_BASE_URL": f"http://127.0.0.1:{self.endpoint.server_port}/v1",
            "OPENAI_API_KEY": "secret-key",
            "OPENAI_MODEL": "some-model",
        }

    def answer(self, question, conversation=()):
        return answer(question, TODOS, list(conversation), self.environment)

    def error(self):
        with self.assertRaises(AssistantError) as caught:
            self.answer("What first?")
        return str(caught.exception)

    def test_the_answer_is_not_empty(self):
        self.assertEqual(self.answer("What should I do first?"), "The milk.")

    def test_the_endpoint_is_asked_with_todos_and_earlier_turns(self):
        self.answer("And then?", [Turn("user", "What first?"), Turn("assistant", "The milk.")])
        path, key, body = self.endpoint.requests[0]
        self.assertEqual((path, key), ("/v1/chat/completions", "Bearer secret-key"))
        self.assertEqual(body["model"], "some-model")
        system, *talk = body["messages"]
        self.assertIn("- [ ] buy milk\n- [x] call Ada", system["content"])
        self.assertEqual(
            talk,
            [
                {"role": "user", "content": "What first?"},
                {"role": "assistant", "content": "The milk."},
                {"role": "user", "content": "And then?"},
            ],
        )

    def test_a_refused_key_is_told_without_showing_it(self):
        self.endpoint.status = 401
        error = self.error()
        self.assertIn("401 Unauthorized; check OPENAI_API_KEY", error)
        self.assertNotIn("secret-key", error)

    def test_an_answer_without_text_is_an_error(self):
        self.endpoint.reply = {"choices": []}
        self.assertIn("not an answer", self.error())

    def test_an_endpoint_that_is_not_there_is_told_in_one_sentence(self):
        self.environment["OPENAI_BASE_URL"] = "http://127.0.0.1:1/v1"
        self.assertIn("127.0.0.1:1 cannot be reached", self.error())

    def test_a_missing_address_is_told_in_one_sentence(self):
        self.environment["OPENAI_BASE_URL"] = ""
        self.assertIn("set OPENAI_BASE_URL", self.error())


if __name__ == "__main__":
    unittest.main()
