"""How a deployment looks in a terminal."""

from io import StringIO

from rich.console import Console, RenderableType

from agents.web.live.board import Board, Surroundings
from deploy.cli.status_view import head, role_line, screen
from pipeline.clock import ManualClock
from tests.live_messages import AT, allowances, assignment, dead_letter, model, record, reward

HOSTILE = "name\x1b[31m\nred\u202e"


def board(broker: bool = True) -> Board:
    around = Surroundings(lambda: {"topic_finder": 7}, lambda: broker)
    return Board(ManualClock(AT), ("news",), lambda: (model("large", 5.0),), around)


def drawn(what: RenderableType, width: int = 160) -> str:
    out = StringIO()
    Console(file=out, width=width, height=30, color_system=None).print(what)
    return out.getvalue()


def test_everything_the_page_shows_is_there() -> None:
    full = board()
    full.assigned(assignment("small"))
    full.reward(reward("small", 0.9, cost_usd=0.001, latency_s=0.25))
    full.record(record("it boils in ninety seconds"))
    full.dead_letter(dead_letter("seq is too low"))
    full.allowances(allowances("news", spent_usd=2.5))
    shown = drawn(screen(full.since(0), 30))
    for part in (
        "small 80%",
        "90%",
        "250 ms",
        "$0.001",
        "saves 80%",
        "topic finder 7",
        "budget news $2.5 left of $5 a day",
        "it boils in ninety seconds",
        "seq is too low",
        "1 dead letters",
        "q leaves",
    ):
        assert part in shown, part


def test_it_fits_the_screen() -> None:
    full = board()
    for number in range(200):
        full.record(record(f"sentence {number} " + "long " * 100))
        full.dead_letter(dead_letter("bad " * 200))
    shown = drawn(screen(full.since(0), 30))
    assert shown.count("\n") <= 30
    assert "sentence 199" in shown


def test_hostile_text_cannot_steer_the_terminal() -> None:
    full = board()
    full.assigned(assignment(HOSTILE, reason=HOSTILE))
    full.record(record(HOSTILE, subject=HOSTILE, category=HOSTILE))
    full.dead_letter(dead_letter(HOSTILE))
    view = full.since(0)
    (finder,) = [role for role in view.roles if role.primary]
    for text in (drawn(screen(view, 30)), role_line(finder)):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "\n" not in role_line(finder)


def test_an_absent_broker_is_said() -> None:
    assert "the Kafka broker does not answer" in drawn(head(board(broker=False).since(0)))
    assert "live" in drawn(head(board().since(0)))
