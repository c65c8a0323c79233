"""Serves roles within the budgets: where one is spent, free arms serve, or the work waits."""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import Self

from pipeline.allowances.metered import PAYER, Payer, has_price
from pipeline.allowances.resources import Resources
from pipeline.allowances.till import AllowanceRefusedError, Till
from pipeline.allowances.words import spent_line
from pipeline.decisions.answer_log import AnswerLog
from pipeline.decisions.serve import RoleServer, Served
from pipeline.olp.role import RoleLogic
from schemas.allowances import AccountState
from schemas.arm_names import base_of
from schemas.rewards import RoleAssignment
from schemas.role_task import RoleTask

_log = logging.getLogger("rolestream.within_budget")

_LOOK_AGAIN_S = 1.0


class BudgetedServer(RoleServer):
    """A role server whose calls are paid from the budgets of their role and domain."""

    _till: Till | None = None

    def within(self, resources: Resources, till: Till) -> Self:
        """Serve within `resources`, where there are any."""
        self._resources = resources
        self._till = till if resources else None
        return self

    def held_back(self, role: str, domains: Iterable[str]) -> str | None:
        """Which spent budgets keep a role back in any of `domains`; None if none does."""
        if self._till is None:
            return None
        spent = [self._till.closed(self._resources.budgets(role, name)) for name in domains]
        lines = {line for accounts in spent for line in map(spent_line, accounts) if line}
        return "; ".join(sorted(lines)) or None

    async def serve(
        self,
        logic: RoleLogic,
        task: RoleTask,
        role_assignment: RoleAssignment | None,
        log: AnswerLog,
    ) -> Served:
        """As `RoleServer.serve`; waits while a spent budget leaves no arm that may serve."""
        if self._till is None or logic.skips(task) is not None:
            return await super().serve(logic, task, role_assignment, log)
        role, domain = task.role.value, task.window.domain
        budgets = self._resources.budgets(role, domain)
        payer = Payer(role, domain)
        PAYER.set(payer)
        while True:
            spent = self._till.closed(budgets)
            if spent and not self._may_go_on(spent, task, payer, log):
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._till.turned.wait(), _LOOK_AGAIN_S)
                continue
            if not spent:
                payer.refused.clear()
            try:
                left = _without(task, payer.refused)
                served = await super().serve(logic, left, role_assignment, log)
            except AllowanceRefusedError as refused:
                # What ran beside it has ended; those answers are to be found in the log.
                # An arm pays as the model that it is a batch size of.
                payer.refused.add(refused.arm)
                payer.refused |= {n for n in self._pool.names(role) if base_of(n) == refused.arm}
                continue
            return Served(
                _with_excluded_of(task, served.task),
                served.events,
                {arm: _with_excluded_of(task, item) for arm, item in served.versions.items()},
            )

    def _may_go_on(
        self, spent: tuple[AccountState, ...], task: RoleTask, payer: Payer, answers: AnswerLog
    ) -> bool:
        """Leave arms with a price out, if that is what is to be done; whether some arm is left."""
        role = task.role.value
        names = self._pool.names(role)
        excluded = task.excluded.get(role, ())
        logged = answers.models(task.window.window_id, task.role)
        priced = {name for name in names if has_price(self._pool.settings(name))}
        # An answer that is in the log costs nothing more, unless it needs a repair.
        out = (priced - set(logged)) | payer.refused
        left = [name for name in names if name not in out and name not in excluded]
        degrade = all(account.at_limit == "degrade" for account in spent)
        if (degrade and left) or set(logged) - out or set(names) <= set(excluded):
            payer.refused |= out
            return True
        why = "; ".join(filter(None, map(spent_line, spent)))
        if degrade:
            why += f"; no free arm serves {role}"
        _log.info("%s waits: %s", role, why)
        return False


def _without(task: RoleTask, refused: set[str]) -> RoleTask:
    if not refused:
        return task
    role = task.role.value
    excluded = tuple(dict.fromkeys((*task.excluded.get(role, ()), *sorted(refused))))
    return task.model_copy(update={"excluded": {**task.excluded, role: excluded}})


def _with_excluded_of(task: RoleTask, served: RoleTask) -> RoleTask:
    if served.excluded == task.excluded:
        return served
    return served.model_copy(update={"excluded": task.excluded})
