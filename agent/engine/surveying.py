"""The survey of the repository, taken once per run, and only where something asks for it."""

from functools import partial

import anyio

from agent.domain.event import SurveyTaken
from agent.domain.ports import Workspace
from agent.domain.survey import Survey
from agent.engine.run_context import RunContext
from agent.survey.take import take_survey


async def survey(context: RunContext) -> Survey:
    """The facts for planning: the repository as it stands before any work."""
    if context.state.survey is None:
        await take(context, context.workspace)
    assert context.state.survey is not None
    return context.state.survey


async def survey_base(context: RunContext) -> None:
    """The facts that a look at finished work needs, of the commit that the run began with.

    A run that was given its plan has them only now: reading all files takes longer than all
    else before its first request.
    """
    if context.state.survey is None:
        async with context.workspace.clean_copy(context.started.base_commit) as copy:
            await take(context, copy)


async def take(context: RunContext, workspace: Workspace) -> None:
    files, commit = await workspace.files(), await workspace.head()
    taken = await anyio.to_thread.run_sync(partial(take_survey, workspace.root, files, commit))
    context.tell(SurveyTaken(survey=taken))
