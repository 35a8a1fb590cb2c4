"""Who has a right to what, in plain Python: slow, day by day, to compare benefits_rights with."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby

from memberships.dates import add_months

DAY = timedelta(days=1)
#: A right that a use could go by: rule, source, left, and its place among those of its line.
Line = dict[str, object]


@dataclass
class CardFacts:
    """`terms`: first and last day, plan code. `ended_on`: None while it is not over. `grace`: days."""

    started_on: date
    terms: list[tuple[date, date, str]]
    grace: int
    ended_on: date | None = None
    pk: int = 0


@dataclass
class WalletFacts:
    """`steps`: days and tiers (1 to 3), in order."""

    enrolled_on: date
    steps: list[tuple[date, int]]
    is_store: bool = False
    pk: int = 0


@dataclass
class GroupFacts:
    """`options`: benefit to (rank, is default, cost)."""

    window: str
    basis: str
    picks: int
    deadline: int | None
    cap: int | None
    options: dict[str, tuple[int, bool, int]]


@dataclass
class RuleFacts:
    benefit: str
    code: str
    plan: str = ""
    tier: int = 0
    and_above: bool = False
    segment: str = ""
    region: str = ""
    category: str = ""
    quota: int | None = None
    window: str = "ever"
    basis: str = "calendar"
    price: int = 0
    group: bool = False
    is_automatic: bool = False
    starts_on: date = date(2020, 1, 1)
    ends_on: date | None = None


@dataclass
class UseFacts:
    rule: RuleFacts
    on: date
    quantity: int
    is_returned: bool = False
    wallet: int | None = None


@dataclass
class ChoiceFacts:
    benefit: str
    window_from: date
    window_until: date | None
    opened: date
    on: date
    swapped_on: date | None = None


@dataclass
class World:
    """`benefits`: code to (how rules combine, retired on, whether it is the store programme's)."""

    benefits: dict[str, tuple[str, date | None, bool]]
    cards: list[CardFacts]
    wallets: list[WalletFacts]
    rules: list[RuleFacts]
    group: GroupFacts
    uses: list[UseFacts] = field(default_factory=list)
    choices: list[ChoiceFacts] = field(default_factory=list)
    segments: list[tuple[str, date, date | None]] = field(default_factory=list)
    region: str = ""
    closed_on: date | None = None


@dataclass
class Held:
    """A source on a day. `plan`: of the term; `tier`: 1 to 3."""

    kind: str
    pk: int
    since: date
    until: date | None = None
    plan: str = ""
    tier: int = 0
    term: tuple[date, date] | None = None
    in_grace: bool = False
    wallet: WalletFacts | None = None
    is_store: bool = False


def window(kind: str, basis: str, anchor: date, day: date, term: tuple[date, date] | None) -> tuple[date, date | None]:
    """First day, and the first one after it; ValueError where there is none."""
    if kind == "ever":
        return date.min, None
    if kind == "term":
        if term is None:
            raise ValueError(kind)
        return term[0], term[1] + DAY
    if kind == "day":
        return day, day + DAY
    if kind == "week":
        first = day
        while (first.isoweekday() != 1) if basis == "calendar" else ((first - anchor).days % 7):
            first -= DAY
        return first, first + 7 * DAY
    months = 1 if kind == "month" else 12
    if basis == "calendar":
        first = date(day.year, day.month if months == 1 else 1, 1)
        return first, add_months(first, months)
    passed = 0
    while add_months(anchor, (passed + 1) * months) <= day:
        passed += 1
    return add_months(anchor, passed * months), add_months(anchor, (passed + 1) * months)


def sources(world: World, day: date) -> list[Held]:
    if world.closed_on is not None and world.closed_on <= day:
        return []
    found = []
    for card in world.cards:
        begun = [term for term in card.terms if term[0] <= day]
        if not begun or (card.ended_on is not None and card.ended_on < day):
            continue
        first, last, plan = begun[-1]
        if last + card.grace * DAY >= day:
            in_grace = last < day
            until = card.ended_on or (last + card.grace * DAY if in_grace else None)
            found.append(Held("plan", card.pk, card.started_on, until, plan, 0, (first, last), in_grace))
    for wallet in world.wallets:
        if wallet.enrolled_on > day:
            continue
        steps = [step for step in wallet.steps if step[0] <= day]
        if steps:
            found.append(Held("tier", wallet.pk, steps[-1][0], tier=steps[-1][1], wallet=wallet))
        found.append(Held("enrolled", wallet.pk, wallet.enrolled_on, wallet=wallet))
    for held in found:
        held.is_store = held.wallet is not None and held.wallet.is_store
    return found


def _since(rule: RuleFacts, held: Held, day: date) -> date:
    if held.kind != "tier" or not rule.and_above or held.wallet is None:
        return held.since
    since = None
    for on, tier in held.wallet.steps:
        if on <= day:
            since = None if tier < rule.tier else since or on
    assert since is not None
    return since


def _holds(world: World, rule: RuleFacts, held: Held, day: date) -> bool:
    _combine, retired_on, is_stores = world.benefits[rule.benefit]
    if retired_on is not None and retired_on <= day:
        return False
    if is_stores != held.is_store or not rule.starts_on <= day or (rule.ends_on and rule.ends_on < day):
        return False
    if held.kind == "plan" and rule.plan != held.plan:
        return False
    if held.kind == "tier" and not (rule.tier == held.tier or (rule.and_above and 0 < rule.tier <= held.tier)):
        return False
    if held.kind == "enrolled" and (rule.plan or rule.tier):
        return False
    if rule.region and rule.region != world.region:
        return False
    return not rule.segment or any(
        segment == rule.segment and since <= day and (until is None or until >= day)
        for segment, since, until in world.segments
    )


def _own_day(basis: str, held: Held, day: date) -> date:
    return held.term[1] if held.in_grace and held.term and basis == "anniversary" else day


def _span(
    kind: str, basis: str, since: date, held: Held, day: date
) -> tuple[date, date | None]:
    """The window; a card in grace goes on in its last one."""
    first, after = window(kind, basis, since, _own_day(basis, held, day), held.term)
    if after is not None and after <= day:
        after = held.until + DAY if held.until else None
    return first, after


def group_window(
    world: World, matching: list[tuple[RuleFacts, Held, date]], day: date
) -> tuple[date, date | None, date] | None:
    """First day, the first one after it (a card's grace left out), and the day from which the days to choose count."""
    own = [(rule, held, since) for rule, held, since in matching if rule.group]
    if not own:
        return None
    running = [
        choice for choice in world.choices
        if choice.on <= day and choice.window_from <= day and (choice.window_until is None or choice.window_until > day)
    ]
    if running:
        kept = min(running, key=lambda choice: choice.window_from)
        return kept.window_from, kept.window_until, kept.opened
    is_term = world.group.window == "term"
    _rule, held, since = min(own, key=lambda each: (is_term and each[1].kind != "plan", each[2], each[1].pk))
    own_day = _own_day(world.group.basis, held, day)
    try:
        first, after = window(world.group.window, world.group.basis, since, own_day, held.term)
    except ValueError:
        return None
    # While another window was kept, nothing could be chosen in this one.
    kept_until = [
        choice.window_until for choice in world.choices
        if choice.on <= day and choice.window_from != first and choice.window_until and choice.window_until <= day
    ]
    return first, after, max(first, min(each[2] for each in own), *kept_until)


def _chosen(world: World, first: date, opened: date, day: date, entitled: set[str]) -> dict[str, bool]:
    """Benefit to whether it is by default. `entitled`: to which a rule of the group entitles."""
    group = world.group
    mine = [choice for choice in world.choices if choice.window_from == first and choice.on <= day]
    taken = {
        choice.benefit: False for choice in mine if choice.swapped_on is None or choice.swapped_on > day
    }
    gone = {choice.benefit for choice in mine if choice.swapped_on is not None and choice.swapped_on <= day}
    if group.deadline is None or opened + group.deadline * DAY > day:
        return taken
    spent, full = sum(group.options[benefit][2] for benefit in taken), dict(taken)
    for benefit, (_rank, is_default, cost) in sorted(group.options.items(), key=lambda option: option[1][0]):
        if not is_default or benefit not in entitled or benefit in taken or benefit in gone:
            continue
        if len(full) >= group.picks or (group.cap is not None and spent + cost > group.cap):
            break
        full[benefit], spent = True, spent + cost
    return full


def rights(world: World, day: date, category: str | None = None) -> list[Line]:
    matching = [
        (rule, held, _since(rule, held, day))
        for held in sources(world, day) for rule in world.rules if _holds(world, rule, held, day)
    ]
    span = group_window(world, matching, day)
    entitled = {rule.benefit for rule, _held, _on in matching if rule.group}
    chosen = _chosen(world, span[0], span[2], day, entitled) if span else {}
    found: list[Line] = []
    for rule, held, since in matching:
        if category is not None:
            own = any(
                other.benefit == rule.benefit and other.category == category and source.is_store == held.is_store
                and (not held.is_store or source.pk == held.pk)
                for other, source, _on in matching
            )
            if rule.category != (category if own else ""):
                continue
        found.append(_line(world, rule, held, since, day, chosen))
    return _placed(found)


def _line(world: World, rule: RuleFacts, held: Held, since: date, day: date, chosen: dict[str, bool]) -> Line:
    first, after = _span(rule.window, rule.basis, since, held, day)
    combine = world.benefits[rule.benefit][0]
    used = sum(
        use.quantity for use in world.uses
        if use.rule.benefit == rule.benefit and use.rule.category == rule.category and not use.is_returned
        and use.on >= first and (after is None or use.on < after)
        and (not held.is_store or use.wallet == held.pk)
        and (combine == "best" or use.rule.code == rule.code)
    )
    return {
        "benefit": rule.benefit, "rule": rule.code, "category": rule.category, "source": held.kind,
        "source_id": held.pk, "since": since, "in_grace": held.in_grace, "store": held.pk if held.is_store else None,
        "quota": rule.quota, "used": used, "left": None if rule.quota is None else max(0, rule.quota - used),
        "first": first, "after": after, "is_automatic": rule.is_automatic,
        "is_chosen": rule.benefit in chosen if rule.group else None,
        "is_default": rule.group and chosen.get(rule.benefit, False), "combine": combine, "price": rule.price,
    }


def _placed(lines: list[Line]) -> list[Line]:
    """With the place of each among those of its line that count."""
    def line_of(line: Line) -> tuple[object, ...]:
        return line["benefit"], line["category"], line["store"] or 0

    for _key, group in groupby(sorted(lines, key=line_of), key=line_of):  # type: ignore[arg-type]
        counting = [line for line in group if line["is_chosen"] is not False]
        for place, line in enumerate(sorted(counting, key=_order), start=1):
            line["place"] = place
    for line in lines:
        line.setdefault("place", None)
    return lines


def _order(line: Line) -> tuple[object, ...]:
    quota, used, after = line["quota"], line["used"], line["after"]
    left = None if quota is None else quota - used  # type: ignore[operator]
    far = date.max
    return (
        left is not None and left <= 0,
        (after or far) if line["combine"] == "sum" else far,
        (0, 0) if left is None else (1, -left),
        (0, 0) if quota is None else (1, -quota),  # type: ignore[operator]
        line["price"], line["rule"], line["source_id"],
    )
