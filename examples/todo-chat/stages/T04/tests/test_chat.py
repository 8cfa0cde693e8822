import tempfile
import threading
import unittest
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

from todo_chat.assistant import AssistantError
from todo_chat.chat import ask
from todo_chat.server import TodoServer
from todo_chat.store import Store, Todo, Turn


def unreachable(question, todos, conversation):
    raise AssistantError("The endpoint cannot be reached.")


class ChatTest(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.store = Store(Path(folder) / "todos.db")
        self.asked = []

    def answer(self, question, todos, conversation):
        self.asked.append((question, todos, conversation))
        return f"<answer {len(self.asked)}>"

    def serve(self, answer):
        server = TodoServer(self.store, answer=answer)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        return server.url

    def post(self, url, **form):
        try:
            with urlopen(url + "chat", urlencode(form).encode(), timeout=10) as response:
                return response.status, response.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def test_the_second_question_comes_with_the_todos_and_the_first_exchange(self):
        self.store.add_todo("buy milk")
        ask(self.store, "What first?", self.answer)
        ask(self.store, "And then?", self.answer)
        milk = [Todo(1, "buy milk", False)]
        first = [Turn("user", "What first?"), Turn("assistant", "<answer 1>")]
        self.assertEqual(self.asked, [("What first?", milk, []), ("And then?", milk, first)])

    def test_a_question_that_was_not_answered_is_not_remembered(self):
        with self.assertRaises(AssistantError):
            ask(self.store, "What first?", unreachable)
        self.assertEqual(self.store.conversation(), [])

    def test_question_and_answer_are_on_the_page_and_never_markup(self):
        status, page = self.post(self.serve(self.answer), question="What first?")
        self.assertEqual(status, 200)
        self.assertIn("What first?", page)
        self.assertIn("&lt;answer 1&gt;", page)

    def test_a_failing_endpoint_is_told_in_the_chat_and_the_question_is_kept(self):
        status, page = self.post(self.serve(unreachable), question="What first?")
        self.assertEqual(status, 502)
        self.assertIn("The endpoint cannot be reached.", page)
        self.assertIn(">What first?</textarea>", page)

    def test_a_question_without_words_is_refused_with_a_sentence(self):
        status, page = self.post(self.serve(self.answer), question=" ")
        self.assertEqual(status, 400)
        self.assertIn("A question needs a few words.", page)
        self.assertEqual(self.asked, [])


if __name__ == "__main__":
    unittest.main()
