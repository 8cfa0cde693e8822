import tempfile
import unittest
from pathlib import Path

from todo_chat.store import Store, Todo, Turn


class StoreTest(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.path = Path(folder) / "todos.db"
        self.store = Store(self.path)

    def test_a_new_store_is_empty(self):
        self.assertEqual(self.store.todos(), [])
        self.assertEqual(self.store.conversation(), [])

    def test_todos_are_listed_in_the_order_they_were_added(self):
        self.store.add_todo("buy milk")
        self.store.add_todo("  call Ada ")
        self.assertEqual(
            self.store.todos(), [Todo(1, "buy milk", False), Todo(2, "call Ada", False)]
        )

    def test_a_completed_todo_stays_on_the_list(self):
        todo = self.store.add_todo("buy milk")
        self.assertTrue(self.store.complete_todo(todo.id))
        self.assertEqual(self.store.todos(), [Todo(todo.id, "buy milk", True)])

    def test_an_unknown_todo_cannot_be_completed(self):
        self.assertFalse(self.store.complete_todo(7))

    def test_a_todo_without_words_is_refused(self):
        with self.assertRaises(ValueError):
            self.store.add_todo("   ")
        self.assertEqual(self.store.todos(), [])

    def test_todos_and_conversation_are_there_after_a_restart(self):
        self.store.add_todo("buy milk")
        self.store.add_exchange("What first?", "The milk.")
        restarted = Store(self.path)
        self.assertEqual(restarted.todos(), [Todo(1, "buy milk", False)])
        self.assertEqual(
            restarted.conversation(), [Turn("user", "What first?"), Turn("assistant", "The milk.")]
        )


if __name__ == "__main__":
    unittest.main()
