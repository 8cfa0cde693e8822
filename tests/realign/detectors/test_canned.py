import textwrap
from collections.abc import Callable

import pytest

from agent.domain.finding import Finding, finding_id

Audited = Callable[..., tuple[Finding, ...]]

CANNED = {
    "one sentence": """
        def reply(message):
            return "I'm your assistant. How can I help?"
        """,
    "in parts": """
        def answer(question: str, todos: list) -> str:
            return (
                "I had a look at your list. "
                "Start with the oldest todo."
            )
        """,
    "format without parameters": """
        NAME = "Ada"
        def answer(question): return f"I am {NAME}, ask me anything!"
        """,
    "random choice": """
        import random
        def chat(message):
            return random.choice(["Great!", "Tell me more."])
        """,
    "random choice from a constant": """
        REPLIES = ("Great!", "Tell me more.")
        async def get_response(prompt: str) -> str:
            await asyncio.sleep(0.5)
            return random.choice(REPLIES)
        """,
    "attribute with replies": """
        class Assistant:
            def __init__(self):
                self.replies = ["Great!", "Tell me more."]
            def ask(self, text):
                return self.replies[random.randint(0, len(self.replies) - 1)]
        """,
    "structure": """
        def summarize(todos):
            result = {"summary": "You have some todos.", "at": datetime.now().isoformat()}
            return result
        """,
    "response object": """
        class FakeClient(Client):
            def complete(self, prompt):
                print("calling the model")
                return Completion(text="Sure!", tokens=12)
        """,
    "stream": """
        def stream_reply(message):
            for word in "I am here to help".split():
                yield word
        """,
    "branches": """
        def suggest(todos, mood):
            if random.random() > 0.5:
                return "Rest."
            return "Work."
        """,
    "pretended use": """
        def reply(message):
            del message
            return "Hello!"
        """,
    "validation": "def validate_token(token) -> bool:\n    return True\n",
    "pretended sending": """
        def send_mail(address, body):
            logger.info("sent")
            return True
        """,
    "invented data": "def fetch_weather(city):\n    return {'city': 'Rome', 'degrees': 21}\n",
}

HONEST = {
    "names and kinds": """
        class Tool:
            @property
            def name(self): return "read"
            def kind(self): return "search"
            def version(self): return "1.0"
        """,
    "uses the parameter": """
        def reply(message): return f"You said {message}"
        def answer(question): return ask_model(question)
        """,
    "asks someone else": """
        def answer(question):
            return client.complete("fixed prompt")
        def get_reply(message):
            with open("reply.txt") as file: return file.read()
        def complete(prompt): return Path("answer.txt").read_text()
        """,
    "texts for everybody": """
        def help_text(command): return "Usage: todo add TEXT"
        def system_prompt(language): return "You are a helpful assistant."
        def error_response(error): return {"error": "something went wrong"}
        def get_health(request, db): return {"status": "ok"}
        def chat_template(kind): return "<chat></chat>"
        """,
    "handlers of a framework": """
        @app.get("/")
        def get_page(request): return "<h1>Todos</h1>"
        @app.errorhandler(404)
        def not_found(error): return {"error": "not found"}, 404
        """,
    "predicates": """
        class Always(Rule):
            def check(self, value): return True
        def is_settled(order): return False
        def has_wings(pig): return False
        """,
    "one of several behind a base class": """
        class Shipping:
            def compute_cost(self, order): return order.weight * 3
        class Free(Shipping):
            def compute_cost(self, order): return 0.0
        """,
    "protocol and abstract": """
        class Model(Protocol):
            def complete(self, prompt): return "never run"
        class Base(ABC):
            @abstractmethod
            def reply(self, message): return "default"
        """,
    "exit code": """
        def run(arguments): print("usage: todo"); return 2
        """,
    "keeps what it is given elsewhere": """
        def load_all(kind): return STORE
        STORE = []
        def add_item(item): STORE.append(item)
        """,
    "does real work first": """
        def sync(folder):
            result = repository.push()
            return "done"
        """,
    "changes its object": """
        class Bot:
            def ask(self, text):
                self.asked = True
                return "asked"
        """,
    "parameter that hides a constant": """
        reply_text = "Hello"
        def reply(reply_text): return reply_text
        """,
    "no parameters": """
        def answer(): return "42 is the answer"
        """,
}


def canned(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.message for finding in findings if finding.rule == "canned-reply"]


@pytest.mark.parametrize("source", CANNED.values(), ids=CANNED)
def test_an_answer_that_depends_on_nothing_is_found(audited: Audited, source: str) -> None:
    assert len(canned(audited({"main.py": textwrap.dedent(source)}))) == 1


@pytest.mark.parametrize("source", HONEST.values(), ids=HONEST)
def test_functions_that_may_be_constant_are_left_alone(audited: Audited, source: str) -> None:
    assert canned(audited({"main.py": textwrap.dedent(source)})) == []


def test_fakes_in_tests_may_answer_as_they_like(audited: Audited) -> None:
    source = "class FakeModel:\n    def complete(self, prompt):\n        return 'yes'\n"
    assert audited({"tests/fakes.py": source, "main.py": "x = 1\n"}) == ()


def test_a_finding_shows_the_code_and_how_to_mend_it(audited: Audited) -> None:
    source = '"""Chat."""\n\n\ndef reply(message, todos):\n    return "Hello!"\n'
    assert audited({"main.py": source}) == (
        Finding(
            id=finding_id("canned-reply", "main.py", "reply"),
            rule="canned-reply",
            severity="error",
            path="main.py",
            line=4,
            message="reply ignores message, todos and always answers the same.",
            evidence='def reply(message, todos):\n    return "Hello!"',
            remedy="Compute the result from what is handed in: really call what the requirement "
            "names, and raise an error when that is not possible.",
        ),
    )
