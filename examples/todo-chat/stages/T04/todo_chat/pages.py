"""The page, rendered from what the store holds; every word of a user or a model is escaped."""

from html import escape
from string import Template

from todo_chat.store import Todo, Turn

PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Todos</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; max-width: 60rem; }
main { display: grid; gap: 2rem; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); }
h1 { font-size: 1.3rem; }
ul { list-style: none; padding: 0; }
li form { align-items: baseline; display: flex; gap: .6rem; margin: .3rem 0; }
li, .turn, .notice { overflow-wrap: anywhere; }
s, .empty { opacity: .6; }
.add { display: flex; gap: .5rem; }
.add input { flex: 1; min-width: 0; }
.talk { max-height: 60vh; overflow-y: auto; }
.turn { border-radius: .8rem; margin: .5rem 0; padding: .4rem .8rem; white-space: pre-wrap; }
.turn { background: #8882; margin-right: 2rem; }
.user { background: #48f3; margin-left: 2rem; margin-right: 0; }
.notice { border-left: .2rem solid #d33; padding-left: .6rem; }
input, textarea, button { font: inherit; padding: .3rem .6rem; }
textarea { box-sizing: border-box; display: block; margin-bottom: .5rem; width: 100%; }
</style>
</head>
<body>
<main>
<section>
<h1>Todos</h1>
$todos
$todo_notice
<form class="add" method="post" action="/todos">
<input name="text" aria-label="New todo" placeholder="New todo" required autofocus>
<button>Add</button>
</form>
</section>
<section>
<h1>Chat</h1>
<div class="talk" id="talk">$conversation</div>
$chat_notice
<form id="chat" method="post" action="/chat">
<textarea name="question" rows="3" aria-label="Question" required>$question</textarea>
<button>Ask</button>
</form>
</section>
</main>
<script>
const talk = document.getElementById("talk"), chat = document.getElementById("chat");
talk.scrollTop = talk.scrollHeight;
chat.addEventListener("submit", () => {
  const button = chat.querySelector("button");
  button.disabled = true;
  button.textContent = "Asking\\u2026";
});
</script>
</body>
</html>
""")


def page(
    todos: list[Todo],
    conversation: list[Turn],
    *,
    todo_notice: str = "",
    chat_notice: str = "",
    question: str = "",
) -> str:
    return PAGE.substitute(
        todos=todo_list(todos),
        todo_notice=notice(todo_notice),
        conversation=talk(conversation),
        chat_notice=notice(chat_notice),
        question=escape(question),
    )


def todo_list(todos: list[Todo]) -> str:
    if not todos:
        return '<p class="empty">Nothing to do yet.</p>'
    return "<ul>" + "".join(map(todo_item, todos)) + "</ul>"


def todo_item(todo: Todo) -> str:
    if todo.done:
        return f"<li><s>{escape(todo.text)}</s></li>"
    return (
        f'<li><form method="post" action="/todos/{todo.id}/done">'
        f'<button aria-label="Complete">&#10003;</button><span>{escape(todo.text)}</span>'
        "</form></li>"
    )


def talk(conversation: list[Turn]) -> str:
    if not conversation:
        return '<p class="empty">Ask something about your todos.</p>'
    return "".join(
        f'<div class="turn {escape(turn.role)}">{escape(turn.content)}</div>'
        for turn in conversation
    )


def notice(text: str) -> str:
    return f'<p class="notice" role="alert">{escape(text)}</p>' if text else ""
