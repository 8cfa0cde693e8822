import contextlib
import io
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from urllib.request import urlopen

from todo_chat.__main__ import main
from todo_chat.assistant import AssistantError
from todo_chat.store import Store, Turn


def unreachable(question, todos, conversation):
    raise AssistantError("The endpoint cannot be reached.")


class StartTest(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.data = Path(folder) / "todos.db"

    def run_main(self, *arguments, answer):
        """The exit code, and what was printed to standard output and to standard error."""
        output, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            code = main(["--data", str(self.data), *arguments], answer)
        return code, output.getvalue(), errors.getvalue()

    def test_the_program_serves_the_page_until_it_is_told_to_stop(self):
        command = [sys.executable, "-m", "todo_chat", "--port", "0", "--data", str(self.data)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
            try:
                url = re.search(r"http://\S+", program.stdout.readline())[0]
                with urlopen(url, timeout=10) as response:
                    page = response.read().decode()
            finally:
                program.terminate()
        self.assertIn("Nothing to do yet", page)
        self.assertEqual(program.returncode, 0)

    def test_ask_prints_one_answer_and_remembers_it(self):
        printed = self.run_main(
            "ask", "What first?", answer=lambda question, todos, conversation: "The milk."
        )
        self.assertEqual(printed, (0, "The milk.\n", ""))
        self.assertEqual(
            Store(self.data).conversation(),
            [Turn("user", "What first?"), Turn("assistant", "The milk.")],
        )

    def test_ask_fails_with_one_sentence_when_the_endpoint_does(self):
        printed = self.run_main("ask", "What first?", answer=unreachable)
        self.assertEqual(printed, (1, "", "The endpoint cannot be reached.\n"))

    def test_a_data_file_that_cannot_be_used_is_told_in_one_sentence(self):
        self.data.write_text("this is not a database, whatever its name says\n" * 10)
        code, _, errors = self.run_main("ask", "What first?", answer=unreachable)
        self.assertEqual(code, 1)
        self.assertIn("file is not a database", errors)


if __name__ == "__main__":
    unittest.main()
