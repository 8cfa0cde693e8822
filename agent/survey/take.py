"""Takes the survey of a repository: facts for planning, read without a model."""

from pathlib import Path

from agent.domain.survey import Survey
from agent.survey.classify import conventions, has_test_cases, languages
from agent.survey.commands import commands
from agent.survey.entry_points import entry_points
from agent.survey.environment import environment_variables
from agent.survey.imports import graph_of
from agent.survey.manifests import dependencies
from agent.survey.repo_map import repo_map
from agent.survey.sources import Sources

MAP_TOKENS = 2000


def take_survey(
    root: Path, files: tuple[str, ...], commit: str, *, map_tokens: int = MAP_TOKENS
) -> Survey:
    """Reads the files of a checkout; one that cannot be read or parsed is passed over."""
    sources = Sources(root, files)
    return Survey(
        commit=commit,
        languages=languages(sources.files),
        files=len(sources.files),
        commands=commands(sources),
        entry_points=entry_points(sources, graph_of(sources)),
        dependencies=dependencies(sources),
        test_files=tuple(path for path in sources.files if has_test_cases(path)),
        conventions=conventions(sources.files),
        environment=environment_variables(sources),
        repo_map=repo_map(sources, map_tokens),
    )
