"""One way to price an order: some of the benefits there are, through all steps of the policy."""

from collections.abc import Mapping

from benefits.pricing.policy import Policy, PriceBenefit, Step
from benefits.pricing.reductions import reduce
from benefits.pricing.running import Applied, Loss, Reason, Running

#: By kind of step, the benefits that are used in it.
Choice = Mapping[str, tuple[PriceBenefit, ...]]


def try_out(running: Running, policy: Policy, choice: Choice) -> Running:
    """The order after all steps, with these benefits and no others. The same choice always comes to the same."""
    trial = running.copy()
    for step in policy.steps:
        take_step(trial, policy, step, choice)
    return trial


def take_step(running: Running, policy: Policy, step: Step, choice: Choice) -> None:
    """Do one step: what is chosen for it, and for the other steps of its group, has to be known by then."""
    if step.group and step.group not in running.winners and policy.is_by_line(step.group):
        running.winners[step.group] = _winners(running, policy, step.group, choice)
    for benefit in choice.get(step.kind, ()):
        _take(running, policy, step, benefit, running.winners.get(step.group))


def _take(
    running: Running, policy: Policy, step: Step, benefit: PriceBenefit, winners: dict[str, Step] | None
) -> None:
    """Apply a benefit to the lines that its step may have, or note why it takes nothing."""
    only = None
    if winners is not None:
        only = {line.key for line in running.lines if winners.get(line.key, step) is step}
    outcome = reduce(running, step, benefit, policy.rounding, only=only)
    if isinstance(outcome, Applied):
        running.apply(outcome)
        if winners is not None:
            winners.update({key: step for key, amount in outcome.lines.items() if amount})
    elif not any(other is benefit for other, _ in running.losses):
        running.losses.append((benefit, outcome))


def _winners(running: Running, policy: Policy, group: str, choice: Choice) -> dict[str, Step]:
    """Which step of a group has each line: the one that takes most off it, at the place of the group's first step; of
    equal ones the earlier. Lines that none takes anything off are left out. What the others lose is noted."""
    best: dict[str, tuple[int, Step]] = {}
    tried: list[Applied] = []
    for step in policy.steps:
        if step.group != group:
            continue
        trial = running.copy()
        for benefit in choice.get(step.kind, ()):
            outcome = reduce(trial, step, benefit, policy.rounding)
            if isinstance(outcome, Applied):
                trial.apply(outcome)
                tried.append(outcome)
        for key, before in running.now.items():
            off = before - trial.now[key]
            if off > best.get(key, (0, step))[0]:
                best[key] = (off, step)
    winners = {key: step for key, (_, step) in best.items()}
    for each in tried:
        lost = tuple(key for key, amount in each.lines.items() if amount and winners[key] is not each.step)
        if lost:
            loss = Loss(Reason.EXCLUDED, winner=winners[lost[0]].kind, lines=lost)
            running.losses.append((each.benefit, loss))
    return winners
