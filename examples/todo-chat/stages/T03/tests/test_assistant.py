import unittest

from todo_chat.assistant import answer
from todo_chat.store import Todo


class AssistantTest(unittest.TestCase):
    def test_the_answer_is_not_empty(self):
        self.assertTrue(answer("What should I do first?", [Todo(1, "buy milk", False)], []))


if __name__ == "__main__":
    unittest.main()
