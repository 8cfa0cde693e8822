import tempfile
import threading
import unittest
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from todo_chat.server import TodoServer
from todo_chat.store import Store, Todo


class ServerTest(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.store = Store(Path(folder) / "todos.db")
        self.server = TodoServer(self.store)
        thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        thread.start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(self.server.shutdown)

    def get(self, path):
        with urlopen(self.server.url + path, timeout=10) as response:
            return response.read().decode()

    def post(self, path, headers=None, **form):
        """The status, the last one where the browser is sent on, and the page."""
        data = urlencode(form).encode()
        request = Request(self.server.url + path, data=data, headers=headers or {})
        try:
            with urlopen(request, timeout=10) as response:
                return response.status, response.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def test_the_page_says_when_there_is_nothing_to_do(self):
        self.assertIn("Nothing to do yet", self.get(""))

    def test_an_added_todo_is_on_the_page(self):
        status, page = self.post("todos", text="buy milk")
        self.assertEqual(status, 200)
        self.assertIn("buy milk", page)
        self.assertEqual(self.store.todos(), [Todo(1, "buy milk", False)])

    def test_a_completed_todo_is_struck_out(self):
        todo = self.store.add_todo("buy milk")
        _, page = self.post(f"todos/{todo.id}/done")
        self.assertIn("<s>buy milk</s>", page)

    def test_words_of_the_user_are_never_markup(self):
        _, page = self.post("todos", text="<script>alert(1)</script>")
        self.assertIn("&lt;script&gt;alert(1)", page)
        self.assertNotIn("<script>alert(1)", page)

    def test_a_todo_without_words_is_refused_with_a_sentence(self):
        status, page = self.post("todos", text=" ")
        self.assertEqual(status, 400)
        self.assertIn("A todo needs a few words.", page)

    def test_an_unknown_todo_cannot_be_completed(self):
        status, _ = self.post("todos/7/done")
        self.assertEqual(status, 404)

    def test_an_unknown_address_is_not_found(self):
        try:
            self.get("nowhere")
        except HTTPError as error:
            error.close()

    def test_other_sites_may_not_post(self):
        status, _ = self.post("todos", headers={"Origin": "http://elsewhere.test"}, text="spam")
        self.assertEqual(status, 403)
        self.assertEqual(self.store.todos(), [])


if __name__ == "__main__":
    unittest.main()
