"""What a search of the audit trail is asked by: a form in the address, and the question that it comes to."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations import owners, registry
from operations.dates import FIRST_DATE, day_begins
from operations.models import User
from operations.services.trail import Question
from operations.trail import TrailTable, trail_tables

#: Days that are looked at where nothing else is said, and at the most; with a text of reasons, fewer.
USUAL_DAYS, MOST_DAYS, MOST_DAYS_OF_REASONS = 7, 366, 31
INPUT = {"class": "desk-input"}


def tables_of(user: AbstractUser | AnonymousUser) -> list[TrailTable]:
    """The tables whose records the user may look at."""
    return [table for table in trail_tables() if not table.permission or user.has_perm(table.permission)]


def _key(label: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=1, max_value=2**63 - 1, required=False, widget=forms.NumberInput(attrs=INPUT)
    )


class TrailForm(forms.Form):
    """Who, when, what, which record, by which run or import, and why. Days are Shanghai's, both included."""

    since = forms.DateField(
        label=gettext_lazy("From"), input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={**INPUT, "type": "date"}),
    )
    until = forms.DateField(
        label=gettext_lazy("To"), input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={**INPUT, "type": "date"}),
    )
    user = forms.ModelChoiceField(
        label=gettext_lazy("Operator"), queryset=User.objects.order_by("username"), required=False, empty_label="–",
        widget=forms.Select(attrs=INPUT),
    )
    model = forms.ChoiceField(label=gettext_lazy("Record type"), required=False, widget=forms.Select(attrs=INPUT))
    record = _key(gettext_lazy("Key of the record"))
    member = forms.CharField(
        label=gettext_lazy("Member number"), max_length=24, required=False, widget=forms.TextInput(attrs=INPUT)
    )
    job = forms.ChoiceField(label=gettext_lazy("Job"), required=False, widget=forms.Select(attrs=INPUT))
    run = _key(gettext_lazy("Number of the run"))
    batch = _key(gettext_lazy("Number of the import"))
    reason = forms.CharField(
        label=gettext_lazy("Reason contains"), min_length=2, max_length=100, required=False,
        widget=forms.TextInput(attrs=INPUT),
    )

    def __init__(self, data: Any, *, user: AbstractUser | AnonymousUser, today: date) -> None:
        usual = {"since": today - timedelta(days=USUAL_DAYS - 1), "until": today}
        given = {name: value for name, value in data.items() if name in self.base_fields}
        super().__init__({**{name: day.isoformat() for name, day in usual.items()}, **given})
        self.tables = tables_of(user)
        models = {table.told._meta.label_lower: capfirst(table.told._meta.verbose_name) for table in self.tables}
        self._choose("model", sorted(models.items(), key=lambda pair: str(pair[1])))
        self._choose("job", [(job.name, capfirst(str(job.label))) for job in registry.jobs])

    def _choose(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field: Any = self.fields[name]
        field.choices = [("", "–"), *choices]

    def clean_since(self) -> date:
        return self._in_time("since")

    def clean_until(self) -> date:
        return self._in_time("until")

    def _in_time(self, name: str) -> date:
        day: date = self.cleaned_data[name]
        if not FIRST_DATE <= day < date.max:
            raise ValidationError(_("There are no dates before %(first)s.") % {"first": FIRST_DATE.isoformat()})
        return day

    def clean_member(self) -> int | None:
        """The member's key."""
        number = self.cleaned_data["member"].strip()
        key = owners.key_of(number) if number else None
        if number and (key is None or key >= 2**63):
            raise ValidationError(_("This is no member number: its check digit fails."))
        return key

    def clean(self) -> dict[str, Any]:
        """The period makes sense, and a key says of what."""
        cleaned = self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until:
            days = (until - since).days + 1
            most = MOST_DAYS_OF_REASONS if cleaned.get("reason") else MOST_DAYS
            if days < 1:
                self.add_error("until", _("This is before the first day."))
            elif days > most:
                self.add_error("until", _("At most %(days)s days can be searched like this.") % {"days": most})
        if cleaned.get("record") and not cleaned.get("model"):
            self.add_error("model", _("Say of which type the record with that key is."))
        return cleaned

    def question(self) -> Question:
        """What a valid form asks."""
        cleaned = self.cleaned_data
        tables = [t for t in self.tables if cleaned["model"] in ("", t.told._meta.label_lower)]
        return Question(
            since=_begin(cleaned["since"]), until=_begin(cleaned["until"] + timedelta(days=1)), tables=tuple(tables),
            actor=cleaned["user"].pk if cleaned["user"] else None, record=cleaned["record"], owner=cleaned["member"],
            run=cleaned["run"], batch=cleaned["batch"], job=cleaned["job"], reason=cleaned["reason"],
        )

    def asked(self) -> dict[str, str]:
        """What was filled in, as it stands in the address."""
        return {name: str(self.data[name]) for name in self.fields if str(self.data.get(name, "")).strip()}


def _begin(day: date) -> datetime:
    return day_begins(day)
