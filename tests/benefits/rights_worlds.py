"""Facts about a member, made up by hypothesis and written into the tables (rights_model.py says what follows)."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from benefits.models import (
    Benefit,
    BenefitRule,
    Choice,
    ChoiceGroup,
    ChoiceOption,
    MemberSegment,
    Redemption,
)
from memberships.dates import term_bounds
from memberships.models import (
    Enrolment,
    EnterpriseCustomer,
    Member,
    Plan,
    Subscription,
    Term,
    Tier,
    TierChange,
    TierStanding,
)
from memberships.models.programmes import Audience, Enrols
from tests.benefits import rights_model as model
from tests.benefits.benefit_stories import a_benefit, a_key, at
from tests.memberships.factories import an_annual_card, jd_plus
from tests.memberships.tier_stories import a_ladder

DAY = timedelta(days=1)
FIRST, LAST = date(2026, 12, 1), date(2028, 6, 30)
#: Days on which months are too short, and others.
ANCHORS = [
    date(2027, 1, 31), date(2027, 2, 28), date(2028, 2, 29), date(2027, 5, 31), date(2026, 12, 15), date(2027, 8, 30),
]
PLANS = {"annual": 12, "monthly": 1}
GRACE = 10
WINDOWS = ["day", "week", "month", "year", "ever"]
BENEFITS = ["best", "sum", "pick", "pick", "pick2", "pick2", "store"]

days = st.one_of(st.sampled_from(ANCHORS), st.dates(FIRST, LAST))


@st.composite
def cards(draw: Any) -> list[model.CardFacts]:
    """One card, or one and the next after it: lapsed, cancelled, refunded, taken up again, of another plan."""
    found: list[model.CardFacts] = []
    start = draw(days)
    for _number in range(draw(st.sampled_from([1, 1, 1, 2, 2, 0]))):
        plan = draw(st.sampled_from(sorted(PLANS)))
        terms = []
        for number in range(1, draw(st.integers(1, 3 if plan == "monthly" else 2)) + 1):
            first, last = term_bounds(start, PLANS[plan], number)
            terms.append((first, last, plan))
        last = terms[-1][1]
        ended = draw(st.sampled_from([None, last, last + 4 * DAY, last + GRACE * DAY]))
        found.append(model.CardFacts(start, terms, GRACE, ended))
        if ended is None:
            break
        start = ended + draw(st.integers(1, 60)) * DAY
    return found


@st.composite
def wallets(draw: Any) -> list[model.WalletFacts]:
    found = []
    for is_store in draw(st.sampled_from([[], [False], [False, True], [True, True]])):
        enrolled = draw(days)
        steps, on, tier = [], enrolled, 0
        for _step in range(draw(st.integers(0, 3))):
            tier = draw(st.sampled_from([other for other in (1, 2, 3) if other != tier]))
            steps.append((on, tier))
            on += draw(st.integers(0, 120)) * DAY
        found.append(model.WalletFacts(enrolled, steps, is_store))
    return found


@st.composite
def rules(draw: Any, number: int) -> model.RuleFacts:
    benefit = draw(st.sampled_from(BENEFITS))
    source = draw(st.sampled_from(["plan", "plan", "tier", "all"])) if benefit != "store" else draw(
        st.sampled_from(["tier", "all"])
    )
    windows = [*WINDOWS, "term"] if source == "plan" else WINDOWS
    is_automatic = draw(st.booleans())
    starts_on = draw(st.sampled_from([date(2020, 1, 1), date(2020, 1, 1), date(2027, 3, 1)]))
    return model.RuleFacts(
        benefit, f"rule-{number}", plan=draw(st.sampled_from(sorted(PLANS))) if source == "plan" else "",
        tier=draw(st.integers(1, 3)) if source == "tier" else 0,
        and_above=source == "tier" and draw(st.booleans()), segment=draw(st.sampled_from(["", "", "", "families"])),
        region=draw(st.sampled_from(["", "", "", "北京市"])),
        category="" if is_automatic else draw(st.sampled_from(["", "", "dental"])),
        quota=draw(st.sampled_from([None, 0, 1, 2, 12])), window=draw(st.sampled_from(windows)),
        basis=draw(st.sampled_from(["calendar", "anniversary"])),
        price=0 if is_automatic else draw(st.sampled_from([0, 100])),
        group=benefit.startswith("pick"), is_automatic=is_automatic, starts_on=starts_on,
        ends_on=draw(st.sampled_from([None, None, date(2027, 12, 31)])),
    )


@st.composite
def worlds(draw: Any) -> model.World:
    """A member with everything but ids; `write` gives those."""
    held = draw(wallets())
    made = [draw(rules(number)) for number in range(draw(st.integers(4, 8)))]
    costs = st.integers(0, 10)
    world = model.World(
        benefits={
            "best": ("best", draw(st.sampled_from([None, None, date(2028, 1, 1)])), False), "sum": ("sum", None, False),
            "pick": ("best", None, False), "pick2": ("sum", None, False), "store": ("best", None, True),
        },
        cards=draw(cards()), wallets=held, rules=made,
        group=model.GroupFacts(
            draw(st.sampled_from([*WINDOWS, "term"])), draw(st.sampled_from(["calendar", "anniversary"])),
            draw(st.integers(1, 2)), draw(st.sampled_from([None, 1, 15])), draw(st.sampled_from([None, 8])),
            {"pick": (2, draw(st.booleans()), draw(costs)), "pick2": (1, draw(st.booleans()), draw(costs))},
        ),
        segments=draw(st.sampled_from([
            [], [("families", date(2027, 1, 1), None)],
            [("families", date(2027, 1, 1), date(2027, 5, 30)), ("families", date(2027, 9, 1), None)],
        ])),
        region=draw(st.sampled_from(["", "北京市"])), closed_on=draw(st.sampled_from([None, None, date(2028, 3, 1)])),
    )
    stores = [place for place, wallet in enumerate(held) if wallet.is_store]
    for _use in range(draw(st.integers(0, 6))):
        rule = draw(st.sampled_from(made))
        wallet = draw(st.sampled_from(stores)) if rule.benefit == "store" and stores else None
        world.uses.append(
            model.UseFacts(rule, draw(days_of(world)), draw(st.integers(1, 2)), draw(st.booleans()), wallet)
        )
    return world


def days_of(world: model.World) -> st.SearchStrategy[date]:
    """Days on which something begins or ends, and others."""
    told = [
        day for card in world.cards for first, last, _plan in card.terms
        for day in (first, first + 16 * DAY, last, last + DAY, last + GRACE * DAY, last + (GRACE + 1) * DAY)
    ]
    told += [wallet.enrolled_on for wallet in world.wallets]
    told += [on for wallet in world.wallets for on, _tier in wallet.steps]
    return st.one_of(st.sampled_from(told), st.sampled_from(told), days) if told else days


def choose_some(world: model.World, draw: Any) -> None:
    """Choices that there may have been: in windows that the group had on some days, and perhaps exchanged later."""
    for _choice in range(draw(st.sampled_from([0, 1, 2, 3]))):
        day = draw(days_of(world))
        matching = [
            (rule, held, model._since(rule, held, day))
            for held in model.sources(world, day) for rule in world.rules if model._holds(world, rule, held, day)
        ]
        span = model.group_window(world, matching, day)
        benefit = draw(st.sampled_from([rule.benefit for rule, _held, _on in matching if rule.group] or ["pick"]))
        taken = any(
            span is not None and choice.benefit == benefit and choice.window_from == span[0]
            and choice.swapped_on is None for choice in world.choices
        )
        if span is not None and not taken:
            swapped = draw(st.sampled_from([None, day, day + 20 * DAY]))
            world.choices.append(model.ChoiceFacts(benefit, *span, day, swapped))


class House:
    """What all worlds stand in: the programmes, their plans and ladders."""

    def __init__(self) -> None:
        self.programme = jd_plus(code="club")
        self.shops = jd_plus(code="shops", enrols=Enrols.STORE)
        self.plans = {
            code: an_annual_card(self.programme, code=code, term_months=months, grace_days=GRACE)
            for code, months in PLANS.items()
        }
        self.ladders = {
            programme.pk: a_ladder({"one": 0, "two": 10, "three": 20}, programme=programme)
            for programme in (self.programme, self.shops)
        }
        self.tiers = {
            (tier.group_id, tier.rank): tier for tier in Tier.objects.filter(group__in=self.ladders.values())
        }
        self.member: Member

    def write(self, world: model.World) -> Member:
        """Everything but choices, whose windows need the ids that this gives the world."""
        firm = bool(world.region)
        member = Member.objects.create(
            kind=Audience.ENTERPRISE if firm else Audience.PERSON, joined_on=FIRST, closed_on=world.closed_on
        )
        if firm:
            EnterpriseCustomer.objects.create(
                member=member, legal_name="恒远", credit_code=f"X{member.pk:017d}", province=world.region
            )
        for card in world.cards:
            self._write_card(member, card)
        for number, wallet in enumerate(world.wallets):
            self._write_wallet(member, wallet, f"store-{number}" if wallet.is_store else "")
        for segment, since, until in world.segments:
            MemberSegment.objects.create(member=member, segment=segment, since=since, until=until)
        self._write_rules(world)
        for use in world.uses:
            use.wallet = world.wallets[use.wallet].pk if use.wallet is not None else None
            rule = self.rules[use.rule.code]
            state = {"state": "returned", "returned_on": use.on, "returned_at": at(use.on), "return_key": a_key()}
            Redemption.objects.create(
                member=member, benefit=rule.benefit, rule=rule, enrolment_id=use.wallet, key=a_key(),
                category=use.rule.category, quantity=use.quantity, funder="platform", on=use.on, at=at(use.on),
                **(state if use.is_returned else {}),
            )
        self.member = member
        return member

    def _write_card(self, member: Member, card: model.CardFacts) -> None:
        plan: Plan = self.plans[card.terms[-1][2]]
        last = card.terms[-1][1]
        ends = {"cancelled_on": card.ended_on} if card.ended_on and card.ended_on < last + GRACE * DAY else {}
        found = Subscription.objects.create(
            member=member, programme=self.programme, plan=plan, requested_on=card.started_on,
            started_on=card.started_on, ended_on=card.ended_on, **ends,
        )
        for number, (first, end, code) in enumerate(card.terms, start=1):
            Term.objects.create(
                member=member, subscription=found, programme=self.programme, plan=self.plans[code], number=number,
                starts_on=first, ends_on=end,
            )
        card.pk = found.pk

    def _write_wallet(self, member: Member, wallet: model.WalletFacts, scope: str) -> None:
        programme = self.shops if wallet.is_store else self.programme
        ladder = self.ladders[programme.pk]
        found = Enrolment.objects.create(
            member=member, programme=programme, scope=scope, enrolled_on=wallet.enrolled_on
        )
        before = None
        for on, rank in wallet.steps:
            tier = self.tiers[ladder.pk, rank]
            kind = "first" if before is None else "up" if tier.rank > before.rank else "down"
            TierChange.objects.create(
                member=member, enrolment=found, group=ladder, key=a_key(), kind=kind, cause="points", from_tier=before,
                to_tier=tier, on=on, at=at(on),
            )
            before = tier
        if before is not None:
            TierStanding.objects.create(
                member=member, enrolment=found, group=ladder, tier=before, cause="points", since=wallet.steps[-1][0]
            )
        wallet.pk = found.pk

    def _write_rules(self, world: model.World) -> None:
        facts = world.group
        group = ChoiceGroup.objects.create(
            programme=self.programme, code="pick", name="pick", name_en="pick", picks=facts.picks, window=facts.window,
            basis=facts.basis, deadline_days=facts.deadline, cost_cap=facts.cap,
        )
        self.group = group
        self.benefits: dict[str, Benefit] = {}
        for code, (combine, retired_on, is_stores) in world.benefits.items():
            programme = self.shops if is_stores else self.programme
            self.benefits[code] = a_benefit(code, programme=programme, combine=combine, retired_on=retired_on)
        for code, (rank, is_default, cost) in facts.options.items():
            ChoiceOption.objects.create(
                group=group, benefit=self.benefits[code], rank=rank, is_default=is_default, cost=Decimal(cost)
            )
        self.rules = {
            rule.code: BenefitRule.objects.create(
                benefit=self.benefits[rule.benefit], code=rule.code, plan_code=rule.plan,
                tier=self.tiers[self.ladders[self.benefits[rule.benefit].programme_id].pk, rule.tier]
                if rule.tier else None,
                and_above=rule.and_above, segment=rule.segment, region=rule.region, category=rule.category,
                quota=rule.quota, window=rule.window, basis=rule.basis, points_price=rule.price,
                choice_group=group if rule.group else None, is_automatic=rule.is_automatic,
                starts_on=rule.starts_on, ends_on=rule.ends_on,
            )
            for rule in world.rules
        }

    def write_choices(self, world: model.World) -> None:
        for choice in world.choices:
            Choice.objects.create(
                member=self.member, group=self.group, benefit=self.benefits[choice.benefit], key=a_key(),
                window_from=choice.window_from, window_until=choice.window_until, opened_on=choice.opened,
                on=choice.on, at=at(choice.on), swapped_on=choice.swapped_on,
            )
