"""Where the money of a deployment went, and what it would have cost with one arm for everything."""

from collections.abc import Sequence

from deploy.cli.policy_view import Key
from pipeline.decisions.run_book import RunBook
from pipeline.decisions.savings import Against, Savings, savings
from pipeline.models.declared import DeclaredModels
from schemas.rewards import assignment_key


def savings_of(book: RunBook, keys: Sequence[Key], declared: DeclaredModels) -> Savings:
    """The savings of some roles together, against arms that serve all of these."""
    names = [assignment_key(*key) for key in keys]
    roles = {role.value for _, role in keys}
    able = [arm for arm in declared.live() if all(arm.serves(role) for role in roles)]
    return savings(book.account(names), able, [book.records(name) for name in names])


def ledger_lines(told: Savings) -> list[str]:
    """For people."""
    account = told.account
    if not account.by_purpose:
        return ["nothing was paid yet"]
    purposes = ", ".join(
        f"{name.replace('_', ' ')} ${usd:.6f}" for name, usd in sorted(account.by_purpose.items())
    )
    return [
        f"paid ${account.total_usd:.6f} for {account.decisions_kept} answers that were kept: "
        f"{purposes}",
        _line(told.dearest, "the dearest arm"),
        _line(told.cheapest_adequate, "the cheapest adequate arm"),
    ]


def _line(against: Against | None, what: str) -> str:
    if against is None:
        return f"saved against {what}: not known yet"
    return (
        f"saved against {what}, {against.model} (${against.usd:.6f}): kept {against.kept:.1%}, "
        f"paid {against.paid:.1%}, all-in {against.all_in:.1%}"
    )
