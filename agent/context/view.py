"""What a model is shown of a result that was reduced. Pure."""

from agent import prompts
from agent.context.clip import clip
from agent.context.parts import Part, parts_of, without_parts
from agent.domain.message import ToolResult
from agent.domain.reduction import Reduction

FIRST_LINE_CHARACTERS = 100
FENCE = "<output>"


def view(result: ToolResult, reductions: tuple[Reduction, ...], number: int) -> ToolResult:
    """The result as the reductions leave it; `number` is what it is called in its session.

    Whatever is left out, the result stays: a call without one is refused by every endpoint.
    """
    if not reductions:
        return result
    return result.model_copy(update={"text": text_of(result, reductions, number)})


def text_of(result: ToolResult, reductions: tuple[Reduction, ...], number: int) -> str:
    parts = parts_of(result.text)
    whole = [each for each in reductions if each.kind != "clipped" and not each.parts]
    if whole:
        return in_one_line(result, parts, whole[-1], number)
    words = {
        part: in_words(parts[part], each)
        for each in reductions
        for part in each.parts
        if part < len(parts)
    }
    text = without_parts(result.text, parts, words)
    budgets = [each.tokens for each in reductions if each.kind == "clipped"]
    return clip(text, budgets[-1], str(number)) if budgets else text


def in_one_line(
    result: ToolResult, parts: tuple[Part, ...], reduction: Reduction, number: int
) -> str:
    lines = result.text.splitlines()
    first = next((line for line in lines if line != FENCE), "")[:FIRST_LINE_CHARACTERS]
    files = ", ".join(map(name_of, parts))
    match reduction.kind:
        case "pointer":
            return feedback("pointer", file=files, in_brief=not reduction.by)
        case "superseded":
            return feedback("superseded", file=files, first=first)
        case _ if parts:
            return feedback("files_gone", files=[name_of(part) for part in parts])
        case _:
            return feedback(
                "one_line", first=first, lines=len(lines), number=number, failed=result.is_error
            )


def in_words(part: Part, reduction: Reduction) -> str:
    match reduction.kind:
        case "pointer":
            return feedback("pointer", file=name_of(part), in_brief=not reduction.by)
        case "superseded":
            return feedback("superseded", file=name_of(part), first="")
        case _:
            return feedback("files_gone", files=[name_of(part)])


def name_of(part: Part) -> str:
    return part.path if part.end is None else f"{part.path}:{part.start}-{part.end}"


def feedback(block: str, **values: object) -> str:
    return prompts.render(f"session/feedback#{block}", **values)
