"""Groups of members that rules and campaigns speak of, such as families."""

from datetime import date
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from memberships.models import Member
from operations.audit import track


class MemberSegmentQuerySet(models.QuerySet["MemberSegment"]):
    """Memberships of segments by day."""

    def current(self, *, on: date) -> Self:
        """First and last day included."""
        return self.filter(Q(until=None) | Q(until__gte=on), since__lte=on)


@track(owner="member")
class MemberSegment(models.Model):
    """A member belongs to a segment for some days."""

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="segments", db_index=False, verbose_name=_("member")
    )
    segment = models.SlugField(_("segment"), max_length=64)
    since = models.DateField(_("since"))
    until = models.DateField(_("until (last day)"), null=True, blank=True)

    objects = MemberSegmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("member of a segment")
        verbose_name_plural = _("members of segments")
        constraints = [
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="membersegment_days"),
            ExclusionConstraint(
                name="membersegment_no_overlap",
                expressions=[
                    ("member", RangeOperators.EQUAL),
                    ("segment", RangeOperators.EQUAL),
                    (
                        Func(
                            F("since"), F("until"), models.Value("[]"),
                            function="daterange", output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]
        indexes = [models.Index(fields=["segment", "member"], name="membersegment_by_segment")]

    def __str__(self) -> str:
        return self.segment
