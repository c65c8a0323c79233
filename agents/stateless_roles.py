"""The roles that look at one window only: topic finder, topic locator, content organizer."""

from agents.model_role import Job, Prepare
from pipeline.olp.content_organizer import ContentOrganizer
from pipeline.olp.role import RoleLogic
from pipeline.olp.topic_finder import TopicFinder
from pipeline.olp.topic_locator import TopicLocator
from schemas.role_task import RoleTask
from schemas.roles import Role

LOGIC: dict[Role, RoleLogic] = {
    Role.TOPIC_FINDER: TopicFinder(),
    Role.TOPIC_LOCATOR: TopicLocator(),
    Role.CONTENT_ORGANIZER: ContentOrganizer(),
}


def stateless(role: Role) -> Prepare:
    """Every task is a job by itself."""

    async def prepare(task: RoleTask, partition: int) -> Job:
        return Job(task, LOGIC[role])

    return prepare
