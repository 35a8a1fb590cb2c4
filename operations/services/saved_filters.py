"""Saving a list's search, filters and order under a name; renaming, sharing, making it the default, deleting it."""

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext as _

from operations.audit import because
from operations.errors import NotPermittedError, PlusdeskError
from operations.models import SavedFilter, User

#: As many of a list a user has: they stand above it.
MOST = 12


class SavedFilterError(PlusdeskError):
    """It cannot be saved like this."""


def save_filter(
    *, model: str, name: str, asked: str, group: Group | None, is_default: bool, actor: User
) -> SavedFilter:
    """Keep what a list was asked for; the same name again is written over. SavedFilterError, NotPermittedError.

    `model`: "memberships.member". `group`: one of the actor's, with whom it is shared; None: their own.
    """
    name = _named(name)
    _refuse_foreign(group, actor)
    with transaction.atomic(), because(name, actor=actor):
        _lock(actor)
        mine = SavedFilter.objects.filter(owner=actor, model=model)
        found = mine.filter(name=name).first()
        if found is None and mine.count() >= MOST:
            raise SavedFilterError(
                _("You have %(most)s saved filters of this list already: delete one first.") % {"most": MOST}
            )
        saved = found or SavedFilter(owner=actor, model=model, name=name)
        saved.asked, saved.group, saved.is_default = asked, group, is_default
        _put(saved)
    return saved


def change_filter(saved: SavedFilter, *, name: str, group: Group | None, is_default: bool, actor: User) -> SavedFilter:
    """Rename, share or make the default. SavedFilterError, NotPermittedError when it is another's."""
    name = _named(name)
    _refuse_foreign(group, actor)
    with transaction.atomic(), because(name, actor=actor):
        _lock(actor)
        saved = _own(saved, actor)
        others = SavedFilter.objects.filter(owner=actor, model=saved.model, name=name).exclude(pk=saved.pk)
        if others.exists():
            raise SavedFilterError(_("“%(name)s” is the name of another one.") % {"name": name})
        saved.name, saved.group, saved.is_default = name, group, is_default
        _put(saved)
    return saved


def delete_filter(saved: SavedFilter, *, actor: User) -> None:
    """It is gone for all it was shared with. NotPermittedError when it is another's."""
    with transaction.atomic(), because(saved.name, actor=actor):
        _lock(actor)
        _own(saved, actor).delete()


def _put(saved: SavedFilter) -> None:
    """Save it; of a list there is one default at most."""
    if saved.is_default:
        others = SavedFilter.objects.filter(owner=saved.owner_id, model=saved.model, is_default=True)
        others.exclude(pk=saved.pk).update(is_default=False)
    saved.save()


def _lock(actor: User) -> None:
    """Of two forms at once the second one counts what the first one saved."""
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)


def _own(saved: SavedFilter, actor: User) -> SavedFilter:
    found = SavedFilter.objects.filter(pk=saved.pk, owner=actor).first()
    if found is None:
        raise NotPermittedError(_("Only who saved it changes it."))
    return found


def _named(name: str) -> str:
    if not name.strip():
        raise SavedFilterError(_("Give it a name."))
    return name.strip()


def _refuse_foreign(group: Group | None, actor: User) -> None:
    """It is shared with those one works with, not with anybody."""
    if group is not None and not actor.groups.filter(pk=group.pk).exists():
        raise NotPermittedError(_("You are not in this group."))
