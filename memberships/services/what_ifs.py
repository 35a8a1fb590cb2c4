"""What-ifs are asked here, counted by a job (memberships/jobs/what_ifs.py), and kept with what they were asked for.

The ladders are fixed when a what-if is asked: what happens to the tables meanwhile does not mix two states. A chunk
adds what it counted to the what-if in its own transaction, so each range of wallets is in it once, whatever dies.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.db import transaction

from memberships.models import Enrolment, Programme, ProgrammeRevision, WhatIf
from memberships.programme_files.documents import kept_document
from memberships.services.ranges import KeyRange
from memberships.services.revision_bases import as_it_will_be, base_hash, hash_in_effect
from memberships.services.tier_forecasts import (
    Count,
    Entry,
    Forecast,
    Outline,
    added_up,
    count_range,
    outlines,
    put_together,
)
from operations.dates import business_date
from operations.errors import RunStateError
from operations.models import JobRun, User
from operations.services.jobs import cancel_run, start_run

#: The job that counts.
COUNT_WHAT_IFS = "count_what_ifs"
#: A link to rules that somebody typed shows an answer that is no older than this, and does not count anew.
KEPT = timedelta(minutes=10)
State = ProgrammeRevision.State


@transaction.atomic
def ask_about_revision(
    revision: ProgrammeRevision, *, on: date, at: datetime, actor: User | None, anew: bool = False
) -> WhatIf | None:
    """What a revision would make of all members on its day, or on `on` if that is gone by.

    The answer that there is, or that is being counted, for the same file, base and day; with `anew` one that was
    counted is counted again. What is still counted for another file stops. None where nobody is concerned: no ladder,
    no wallet.
    """
    ProgrammeRevision.objects.select_for_update(of=("self",)).only("pk").get(pk=revision.pk)
    day = max(revision.effective_on, on)
    found = current(revision, on=day)
    if found is not None and not _is_over(found, anew=anew):
        return found
    _stop_others(revision, at=at, actor=actor)
    programme = Programme.objects.filter(code=revision.code).first()
    if programme is None or not Enrolment.objects.filter(programme=programme).exists():
        return None
    sections = kept_document(revision.document).sections
    with as_it_will_be(revision.code, on=day, until=revision.pk):
        ladders = outlines(programme, sections["tier_groups"], sections["tiers"], on=day)
    what_if = WhatIf(
        programme=programme, revision=revision, content_hash=revision.document_hash,
        base_hash=base_hash(revision.code, on=day, until=revision.pk), on=day, asked_by=actor, asked_at=at,
    )
    return _begin(what_if, ladders, about=str(revision), today=on) if ladders else None


@transaction.atomic
def ask_about_rules(
    programme: Programme, group: Entry, tiers: Sequence[Entry], *, evaluated_on: date, on: date, at: datetime,
    actor: User | None,
) -> WhatIf:
    """What rules that somebody typed for one ladder would make of all members on a day; as programme files say them.

    The same that was asked within the last minutes, or is being counted, is not counted again.
    """
    # What they are compared with is the file in effect.
    rules = {"programme": programme.code, "effect": hash_in_effect(programme.code), "group": group, "tiers": tiers}
    content_hash = sha256(json.dumps(rules, sort_keys=True, default=str).encode()).hexdigest()
    asked = WhatIf.objects.filter(revision=None, content_hash=content_hash, on=evaluated_on, asked_at__gte=at - KEPT)
    found = asked.select_related("run").order_by("-pk").first()
    if found is not None and not _is_over(found, anew=False):
        return found
    what_if = WhatIf(
        programme=programme, content_hash=content_hash, on=evaluated_on, asked_by=actor, asked_at=at
    )
    ladders = outlines(programme, [group], tiers, on=evaluated_on)
    return _begin(what_if, ladders, about=f"{programme.code} {group['code']}", today=on)


def current(revision: ProgrammeRevision, *, on: date) -> WhatIf | None:
    """The newest what-if of a revision that was asked for its file as it is, after what comes before it, on a day."""
    asked = latest(revision)
    return asked if asked and is_about(asked, revision, on=on) else None


def is_about(asked: WhatIf, revision: ProgrammeRevision, *, on: date) -> bool:
    """Whether a what-if was asked for a revision's file as it is, after what comes before it, on a day."""
    wanted = (revision.document_hash, base_hash(revision.code, on=on, until=revision.pk), on)
    return (asked.content_hash, asked.base_hash, asked.on) == wanted


def latest(revision: ProgrammeRevision) -> WhatIf | None:
    """The newest what-if of a revision, whatever it was asked for."""
    return WhatIf.objects.filter(revision=revision).select_related("run", "asked_by").order_by("-pk").first()


def is_of_another_day(revision: ProgrammeRevision, *, on: date) -> bool:
    """Whether the newest what-if of a revision was counted on another business date: members have moved since."""
    found = latest(revision)
    return found is not None and found.counted_at is not None and business_date(found.counted_at) != on


def _is_over(what_if: WhatIf, *, anew: bool) -> bool:
    """Whether it is to be asked again: its run stopped before it had counted all, or somebody wants it anew."""
    assert what_if.run is not None
    return what_if.run.is_finished and (anew or what_if.counted_at is None)


def _stop_others(revision: ProgrammeRevision, *, at: datetime, actor: User | None) -> None:
    """Nobody needs the answer about a file that is another by now."""
    for run in JobRun.objects.unfinished().filter(
        pk__in=WhatIf.objects.filter(revision=revision, counted_at=None).values("run")
    ):
        # It may end by itself at this moment.
        with suppress(RunStateError):
            cancel_run(run, actor=actor, at=at)


def _begin(what_if: WhatIf, ladders: Sequence[Outline], *, about: str, today: date) -> WhatIf:
    """Keep the question and have it counted."""
    what_if.ladders = [outline.as_json() for outline in ladders]
    what_if.save()
    what_if.run = start_run(
        COUNT_WHAT_IFS, business_date=today, scope=f"{about[:100]}@{what_if.pk}", actor=what_if.asked_by,
        at=what_if.asked_at,
    )
    what_if.save(update_fields=["run"])
    return what_if


# --- counting

def what_if_of(run: JobRun) -> WhatIf:
    """The what-if that a run counts."""
    return WhatIf.objects.get(pk=run.scope.rpartition("@")[2])


def outlines_of(what_if: WhatIf) -> dict[str, Outline]:
    """Its ladders, by their codes."""
    return {outline.ladder.code: outline for outline in map(Outline.from_json, what_if.ladders)}


@transaction.atomic
def count_wallets(what_if: WhatIf, code: str, keys: KeyRange) -> None:
    """Add to a what-if what would become of a range of wallets on one of its ladders. Locks the what-if, at the end."""
    found = count_range(outlines_of(what_if)[code], keys, on=what_if.on)
    held = WhatIf.objects.select_for_update(of=("self",)).get(pk=what_if.pk)
    held.counts[code] = added_up([*_counts(held, code), *found])
    held.save(update_fields=["counts"])


def _counts(what_if: WhatIf, code: str) -> list[Count]:
    """What was counted of a ladder so far."""
    return [Count(*row) for row in what_if.counts.get(code, ())]


def end_what_if(what_if: WhatIf, *, at: datetime) -> None:
    """Say that all wallets have been looked at."""
    WhatIf.objects.filter(pk=what_if.pk).update(counted_at=at)


def forecast_of(what_if: WhatIf) -> Forecast:
    """What was counted, ladder by ladder."""
    return Forecast(what_if.on, tuple(
        put_together(outline, _counts(what_if, code))
        for code, outline in outlines_of(what_if).items()
    ))
