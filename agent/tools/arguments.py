"""Takes a call as it was meant when a model fills the schema nearly right. Pure.

Only what has one reading is changed: another tool's name for a field, one value where a list is
asked, null for a field that may be left out, a list's only item written without the list.
"""

import json
from typing import Any

SYNONYMS = {
    "path": ("file_path", "filename", "file", "filepath", "file_name"),
    "old": ("old_string", "old_str", "old_text", "old_content", "search", "find"),
    "new": ("new_string", "new_str", "new_text", "new_content", "replace", "replacement"),
    "all": ("replace_all",),
    "content": ("contents", "file_text", "text", "file_content"),
    "files": ("paths", "path", "file_path", "file_paths", "file"),
    "paths": ("path", "folder", "directory", "files", "glob"),
    "patterns": ("pattern", "query", "queries", "regex"),
    "edits": ("changes", "replacements"),
    "context": ("context_lines",),
    "max": ("max_results", "limit"),
    "command": ("cmd",),
    "folder": ("cwd", "workdir", "working_directory", "directory", "dir"),
    "timeout_seconds": ("timeout",),
    "add": ("new", "added"),
    "done": ("complete", "completed", "done_ids"),
    "todos": ("items", "list", "tasks"),
    "reason": ("message",),
    "summary": ("message", "result"),
    "assumption": ("answer", "default"),
}
"""Other words for a field, as the tools of other harnesses have them."""

Schema = dict[str, Any]


def meant(value: object, schema: Schema) -> Any:  # noqa: ANN401 - JSON
    """The value as the schema wants it, wherever only one thing can be meant."""
    match schema.get("type"):
        case "array":
            return [meant(item, schema["items"]) for item in as_list(value)]
        case "object" if isinstance(value, dict) and "properties" in schema:
            return meant_object(value, schema)
    return value


def meant_object(value: dict[str, Any], schema: Schema) -> dict[str, Any]:
    own, required = schema["properties"], schema.get("required", ())
    name, inner = list_of_objects(own)
    there = {key: part for key, part in value.items() if part is not None or key in required}
    given = renamed(there, inner | own)
    beside = {key: given.pop(key) for key in inner.keys() - own.keys() if key in given}
    if beside:
        items = as_list(given.get(name, {}))
        given[name] = [beside | item if isinstance(item, dict) else item for item in items]
    return {key: meant(part, own[key]) if key in own else part for key, part in given.items()}


def as_list(value: object) -> list[Any]:
    """The list that a value is, holds as text, or is the only item of."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return [value]
    return value if isinstance(value, list) else [value]


def renamed(value: dict[str, Any], known: Schema) -> dict[str, Any]:
    """Each unknown field under the name it has here; where two could be meant, neither is taken."""
    out = dict(value)
    for name in known:
        words = [word for word in SYNONYMS.get(name, ()) if word in out and word not in known]
        if name not in out and len(words) == 1:
            out[name] = out.pop(words[0])
    return out


def list_of_objects(properties: Schema) -> tuple[str, Schema]:
    """The one field that is a list of objects, and the fields of these; else nothing."""
    found = [
        (name, field["items"]["properties"])
        for name, field in properties.items()
        if field.get("type") == "array" and "properties" in field.get("items", {})
    ]
    return found[0] if len(found) == 1 else ("", {})
