"""Answers under a key: the first one is kept, and a repeat is told the same.

The member is locked before anything else, so that two calls under one key take turns. What fails keeps nothing: it may
be tried again under the same key.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from benefits.models import KeptAnswer
from memberships.models import Member
from memberships.services.members import lock_member
from operations.errors import KeyConflictError

_T = TypeVar("_T")


@transaction.atomic
def answered_once(member: Member, key: str, asked: object, answer: Callable[[], _T], *, at: datetime) -> _T:
    """What `answer` says when it is called; of a repeat what it said the first time, dates as text.

    `asked`: which call it is, and its body, as far as it can be told in JSON. Raises KeyConflictError when something
    else was asked under the key, and whatever `answer` raises.
    """
    lock_member(member.pk)
    text = json.dumps(asked, cls=DjangoJSONEncoder, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    first = KeptAnswer.objects.filter(member=member, key=key).first()
    if first is None:
        said = answer()
        KeptAnswer.objects.create(member=member, key=key, asked=digest, answer=said, at=at)
        return said
    if first.asked != digest:
        raise KeyConflictError(key)
    kept: _T = first.answer
    return kept
