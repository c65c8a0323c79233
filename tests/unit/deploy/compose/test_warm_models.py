"""Warming up asks for every role that reads examples, in every language of a domain."""

from deploy.compose.warm_models import tasks
from pipeline.domains import load_domains
from pipeline.prompt_format import parse_user, render_user


def test_every_language_and_role_is_asked_for_in_a_form_the_models_read() -> None:
    for domain in load_domains().values():
        made = tasks(domain)
        assert {task.lang for task in made} == set(domain.languages)
        assert {task.role for task in made} == {
            "topic_finder",
            "topic_locator",
            "content_organizer",
        }
        assert [parse_user(render_user(task)) for task in made] == list(made)
