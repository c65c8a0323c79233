"""What the saving is measured against: the kept answers at the prices of the dearest arm."""

import pytest

from tests.unit.pipeline.decisions.desk import BAD, GOOD, Desk, role_assignment, task


async def test_a_kept_run_is_priced_at_the_dearest_arm_and_another_one_at_nothing() -> None:
    desk = Desk(a=BAD, b=GOOD)
    served = await desk.serve(task(), role_assignment({"a": 1.0}, ["b"]))
    lost, kept = sorted(served.events, key=lambda event: event.kept)
    dearest = desk.pool.dearest
    assert desk._server.dearest_usd(lost) == 0.0
    assert desk._server.dearest_usd(kept) == pytest.approx(
        1e-6
        * (
            kept.input_tokens * dearest.usd_per_million_input
            + kept.output_tokens * dearest.usd_per_million_output
        )
    )
    assert desk._server.dearest_usd(kept) > 0.0


async def test_a_late_event_pays_nothing() -> None:
    desk = Desk(a=GOOD)
    (event,) = (await desk.serve(task(), role_assignment({"a": 1.0}))).events
    assert desk._server.dearest_usd(event.model_copy(update={"late": True})) == 0.0
