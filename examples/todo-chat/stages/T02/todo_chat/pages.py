"""The page, rendered from what the store holds."""

from html import escape
from string import Template

from todo_chat.store import Todo

PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Todos</title>
</head>
<body>
<h1>Todos</h1>
$todos
$notice
<form method="post" action="/todos">
<input name="text" aria-label="New todo" required autofocus>
<button>Add</button>
</form>
</body>
</html>
""")


def page(todos: list[Todo], *, todo_notice: str = "") -> str:
    return PAGE.substitute(todos=todo_list(todos), notice=notice(todo_notice))


def todo_list(todos: list[Todo]) -> str:
    if not todos:
        return '<p class="empty">Nothing to do yet.</p>'
    return '<ul class="todos">' + "".join(map(todo_item, todos)) + "</ul>"


def todo_item(todo: Todo) -> str:
    if todo.done:
        return f'<li class="done"><s>{escape(todo.text)}</s></li>'
    return (
        f'<li><form method="post" action="/todos/{todo.id}/done">'
        f'<button aria-label="Complete">&#10003;</button> {escape(todo.text)}</form></li>'
    )


def notice(text: str) -> str:
    return f'<p class="notice" role="alert">{escape(text)}</p>' if text else ""
