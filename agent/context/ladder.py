"""The ordered ways to make a transcript smaller. Pure: they read the session and decide.

What just came in is clipped, and what stands in the session already becomes a pointer, before a
model ever sees it: that costs no cached token. All else happens in batches, oldest first, and
only when a batch frees enough: between two batches the transcript only grows at its end, so an
endpoint finds it in its cache. The rungs of a batch: what a later call made old is dropped; then
old successes become one line; then old failures. When none of them helps, the session is handed
over to a fresh one.
"""

from collections.abc import Iterator, Mapping, Sequence

from agent.context.history import Made
from agent.context.parts import Part
from agent.context.tokens import Count, estimate
from agent.context.view import view
from agent.domain.message import Message
from agent.domain.reduction import Reduction
from agent.domain.session import Reductions

Sizes = Mapping[str, int]
"""Tokens that are shown of each call's result."""
OUTPUT_TOKENS = 2_000
"""The most that is shown of what one command printed."""
SMALLEST_RESULT_TOKENS = 300
"""A result is not clipped to less, however full the transcript is."""
SMALLEST_POINTER_TOKENS = 60
"""A part that is shorter is shown again rather than pointed at."""
SMALLEST_SAVING_TOKENS = 30
"""A result that would save less stays as it is."""
KEPT_TOKENS = 6_000
"""The newest results stay whole up to this size together: the model is working with them. All that
stays is read anew by the endpoint, since what stood before it changed."""
KEPT_RESULTS = 1
"""... and these at least, whatever their size; the last reply's stay in any case."""


def on_entry(
    made: Sequence[Made],
    opening: Sequence[Message],
    reductions: Reductions,
    room_tokens: int,
    count: Count = estimate,
) -> Iterator[Reduction]:
    """What the results of the last reply are reduced to before they are first sent.

    They share `room_tokens`: short ones are whole, long ones get the same each.
    """
    fresh = latest(made)
    if any(each.call.call_id in reductions for each in fresh):
        return
    pointers = {
        each.call.call_id: tuple(pointers_of(each, made, opening, reductions)) for each in fresh
    }
    sizes = {
        each.call.call_id: count(view(each.result, pointers[each.call.call_id], each.number).text)
        for each in fresh
    }
    fair = fair_share(list(sizes.values()), room_tokens)
    for each in fresh:
        call_id = each.call.call_id
        yield from pointers[call_id]
        most = min(fair, OUTPUT_TOKENS) if each.kind == "execute" else fair
        if sizes[call_id] > max(most, SMALLEST_RESULT_TOKENS):
            yield Reduction(
                call_id=call_id, kind="clipped", tokens=max(most, SMALLEST_RESULT_TOKENS)
            )


def latest(made: Sequence[Made]) -> list[Made]:
    """The results of the last reply."""
    return [each for each in made if each.reply == made[-1].reply]


def fair_share(sizes: list[int], room: int) -> int:
    """The most that one may take, so that all together fit: the short ones leave theirs."""
    for position, size in enumerate(sorted(sizes)):
        share = room // (len(sizes) - position)
        if size > share:
            return share
        room -= size
    return max(sizes, default=0)


def pointers_of(
    new: Made, made: Sequence[Made], opening: Sequence[Message], reductions: Reductions
) -> Iterator[Reduction]:
    """The parts of a result that the model has before its eyes already."""
    found: dict[str, list[int]] = {}
    for number, part in enumerate(new.parts):
        if estimate(part.text) < SMALLEST_POINTER_TOKENS:
            continue
        place = shown_before(part, new, made, opening, reductions)
        if place is not None:
            found.setdefault(place, []).append(number)
    for place, numbers in found.items():
        yield Reduction(call_id=new.call.call_id, kind="pointer", by=place, parts=tuple(numbers))


def shown_before(
    part: Part,
    new: Made,
    made: Sequence[Made],
    opening: Sequence[Message],
    reductions: Reductions,
) -> str | None:
    """The call that shows the very same text, empty for the brief; None when nothing does."""
    for earlier in made:
        if earlier.number >= new.number:
            break
        if any(
            other.text == part.text and is_whole(earlier, number, reductions)
            for number, other in enumerate(earlier.parts)
        ):
            return earlier.call.call_id
    header = f'<file path="{part.path}"'
    if any(header in message.text and part.plain in message.text for message in opening):
        return ""
    return None


def is_whole(made: Made, part: int, reductions: Reductions) -> bool:
    """Whether the model is still shown that part of a result."""
    return not any(
        each.kind == "clipped" or not each.parts or part in each.parts
        for each in reductions.get(made.call.call_id, ())
    )


def batch(
    made: Sequence[Made],
    reductions: Reductions,
    excess_tokens: int,
    sizes: Sizes,
    *,
    kept_tokens: int = KEPT_TOKENS,
    count: Count = estimate,
) -> tuple[tuple[Reduction, ...], int]:
    """What to reduce to be rid of `excess_tokens`, and how many that frees.

    All that is out of date goes at once; the rest goes oldest first, until it is enough. The
    newest results stay, up to `kept_tokens` together.
    """
    by_id = {each.call.call_id: each for each in made}
    now, chosen, freed = dict(reductions), list[Reduction](), 0
    left = dict(sizes)
    old = set(by_id) - newest(made, reductions, kept_tokens, sizes)
    for reduction in (*out_of_date(made, reductions, old), *one_lines(made, old)):
        if reduction.kind == "one_line" and freed >= excess_tokens:
            break
        each, before = by_id[reduction.call_id], now.get(reduction.call_id, ())
        if is_gone(before):
            continue
        if left[reduction.call_id] < SMALLEST_SAVING_TOKENS:
            continue
        after = count(view(each.result, (*before, reduction), each.number).text)
        saved = left[reduction.call_id] - after
        if saved >= SMALLEST_SAVING_TOKENS:
            now[reduction.call_id] = (*before, reduction)
            left[reduction.call_id] = after
            chosen.append(reduction)
            freed += saved
    return (*chosen, *left_without_target(made, now)), freed


def squeeze(sizes: Sizes, excess_tokens: int) -> tuple[Reduction, ...]:
    """Clips what is still shown, the largest first, until `excess_tokens` are saved.

    For a request that would not fit although nothing old is left in it.
    """
    chosen: list[Reduction] = []
    for call_id, size in sorted(sizes.items(), key=lambda item: -item[1]):
        tokens = max(SMALLEST_RESULT_TOKENS, size - excess_tokens)
        if excess_tokens <= 0 or size <= tokens:
            break
        chosen.append(Reduction(call_id=call_id, kind="clipped", tokens=tokens))
        excess_tokens -= size - tokens
    return tuple(chosen)


def is_gone(reductions: tuple[Reduction, ...]) -> bool:
    return any(each.kind != "clipped" and not each.parts for each in reductions)


def newest(made: Sequence[Made], reductions: Reductions, room: int, sizes: Sizes) -> set[str]:
    """The calls whose results stay: those of the last reply, the newest, and what they point at."""
    kept: set[str] = set()
    for each in reversed(made):
        room -= sizes[each.call.call_id]
        if room < 0 and len(kept) >= KEPT_RESULTS and each.reply != made[-1].reply:
            break
        kept.add(each.call.call_id)
    return kept | {each.by for name in kept for each in reductions.get(name, ()) if each.by}


def out_of_date(made: Sequence[Made], reductions: Reductions, old: set[str]) -> Iterator[Reduction]:
    """Results that a later call replaced.

    What was read goes when the file was changed since or is shown again; an edit that is still
    among the newest keeps it, since the next edit will need it. An output goes when the same
    command ran again, a refused edit when one of the same files was made.
    """
    for position, each in enumerate(made):
        if each.call.call_id not in old:
            continue
        later = made[position + 1 :]
        if each.parts:
            for number, part in enumerate(each.parts):
                if by := replaced_by(part, later, reductions, old):
                    yield Reduction(
                        call_id=each.call.call_id, kind="superseded", by=by, parts=(number,)
                    )
        elif again := next((m for m in later if m.repeats(each) or makes_good(m, each)), None):
            yield Reduction(call_id=each.call.call_id, kind="superseded", by=again.call.call_id)


def replaced_by(
    part: Part, later: Sequence[Made], reductions: Reductions, old: set[str]
) -> str | None:
    for each in later:
        name = each.call.call_id
        if part.path in each.changed and not each.failed and name in old:
            return name
        if any(
            other.covers(part) and is_whole(each, number, reductions)
            for number, other in enumerate(each.parts)
        ):
            return name
    return None


def makes_good(later: Made, earlier: Made) -> bool:
    """Whether an edit was made after another of the same files was refused."""
    refused = earlier.kind == "edit" and earlier.failed and later.kind == "edit"
    return refused and not later.failed and bool(earlier.changed & later.changed)


def one_lines(made: Sequence[Made], old: set[str]) -> Iterator[Reduction]:
    """Old results, successes first, each time the oldest first."""
    for failed in (False, True):
        for each in made:
            if each.failed == failed and each.call.call_id in old:
                yield Reduction(call_id=each.call.call_id, kind="one_line")


def left_without_target(made: Sequence[Made], now: Reductions) -> Iterator[Reduction]:
    """Pointers to what is not shown any more say so."""
    by_id = {each.call.call_id: each for each in made}
    for each in made:
        call_id = each.call.call_id
        for pointer in now.get(call_id, ()):
            target = by_id.get(pointer.by)
            if pointer.kind != "pointer" or target is None or is_gone(now[call_id]):
                continue
            lost = tuple(
                number
                for number in pointer.parts
                if not any(
                    other.text == each.parts[number].text and is_whole(target, at, now)
                    for at, other in enumerate(target.parts)
                )
                and not any(
                    later.kind != "pointer" and number in later.parts for later in now[call_id]
                )
            )
            if lost:
                yield Reduction(call_id=call_id, kind="one_line", parts=lost)
