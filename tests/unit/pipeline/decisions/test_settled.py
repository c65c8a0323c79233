"""What has to be planned anew, and what has not."""

from pipeline.decisions.settled import Settled
from schemas.policy_control import ControlMode, PolicyControl
from schemas.roles import Role
from tests.role_tasks import AT
from tests.unit.pipeline.decisions.test_plan_book import role_assignment

FINDER, LOCATOR = Role.TOPIC_FINDER, Role.TOPIC_LOCATOR
CURRENT = role_assignment({"arm-0": 1.0}, [])


def settled() -> Settled:
    roles = Settled()
    for domain in ("garden", "town"):
        for role in (FINDER, LOCATOR):
            roles.settle((domain, role), None, CURRENT)
    return roles


def holding(roles: Settled) -> set[str]:
    return {d for d in ("garden", "town") if roles.holds((d, FINDER), None, CURRENT)}


def test_a_role_is_settled_until_something_is_learnt_of_its_domain() -> None:
    roles = settled()
    roles.begin(all_domains=False)
    assert holding(roles) == {"garden", "town"}
    roles.learnt("garden")
    roles.begin(all_domains=False)
    assert holding(roles) == {"town"}


def test_with_a_budget_what_is_learnt_concerns_all_domains() -> None:
    roles = settled()
    roles.learnt("garden")
    roles.begin(all_domains=True)
    assert holding(roles) == set()


def test_what_people_say_and_what_is_published_open_it_again() -> None:
    roles = settled()
    control = PolicyControl(domain="garden", role=FINDER, mode=ControlMode.FROZEN, at=AT)
    assert not roles.holds(("garden", FINDER), control, CURRENT)
    assert not roles.holds(("garden", FINDER), None, role_assignment({"arm-0": 1.0}, []))
    assert not roles.holds(("garden", FINDER), None, None)
    roles.forget()
    assert holding(roles) == set()
