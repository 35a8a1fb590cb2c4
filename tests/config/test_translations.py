"""Chinese and English are both complete: no string, model or template says something in the wrong language."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db.models import Field, Model
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import trans_real

from operations import registry
from tests.config import strings
from tests.config.visible import CHINESE, LATIN, NAMES, unwrapped, unwrapped_in_python

HOW = "run `python -m tests.config.strings --update`, translate what it lists, then `python -m config.messages`"
OURS = [path.parent.name for path in strings.PROJECT.glob("*/apps.py")]
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sdr%]|\{\w*\}|</?\w+")
ENDINGS = {".": "。", "?": "？", ":": "：", "…": "…", "...": "…"}
#: Where only developers and administrators of the machine read on.
DEVELOPERS = {
    "embedded", "run", "commands", "sandbox", "programme_files", "kinds.py", "policies.py",
    # What the documents of the APIs say: of the desk's, and of the events of partners.
    "api", "api.py", "api_forms.py", "events",
    # What a check of Django says.
    "sealed.py",
}
#: What our own template files may say without a translation.
TEMPLATE_NAMES = {"CNY", "Plusdesk"}


@pytest.fixture(autouse=True, scope="module")
def _fresh_catalogue() -> None:
    strings.read_anew()


def is_chinese(text: object) -> bool:
    with translation.override("zh-hans"):
        return bool(CHINESE.search(str(text)))


# --- the catalogues


@pytest.mark.parametrize("domain", strings.DOMAINS)
def test_every_string_is_in_the_catalogue_and_nothing_else_is(domain: str) -> None:
    book = strings.catalogue(domain)
    known = {(entry.msgctxt, entry.msgid): entry.msgid_plural for entry in book if not entry.obsolete}
    found, places = strings.wanted(domain)
    missing = [f"{sorted(places[key])[0]}: {key[1]!r}" for key in found if key not in known]
    assert not missing, HOW
    assert not [key for key, plural in known.items() if key not in found or plural != found[key].plural], HOW
    assert not book.obsolete_entries(), HOW


@pytest.mark.parametrize("domain", strings.DOMAINS)
def test_every_string_is_translated_once_and_none_is_fuzzy(domain: str) -> None:
    book = strings.catalogue(domain)
    assert not [entry.msgid for entry in book if not entry.translated() or entry.fuzzy], HOW
    keys = Counter((entry.msgctxt, entry.msgid) for entry in book)
    assert not [key for key, count in keys.items() if count > 1]


@pytest.mark.parametrize("domain", strings.DOMAINS)
def test_translations_keep_placeholders_and_closing_marks(domain: str) -> None:
    faults = []
    for entry in strings.catalogue(domain):
        for translated in [entry.msgstr] if not entry.msgid_plural else entry.msgstr_plural.values():
            if _placeholders(translated) not in (_placeholders(entry.msgid), _placeholders(entry.msgid_plural)):
                faults.append(("placeholders", entry.msgid, translated))
            if _closing(entry.msgid.strip()) != _closing(translated.strip(), is_chinese=True):
                faults.append(("closing mark", entry.msgid, translated))
            if re.search(r"[\u4e00-\u9fff][,;:?!]", translated):
                faults.append(("half-width mark", entry.msgid, translated))
    assert not faults


def _placeholders(text: str) -> Counter[str]:
    return Counter(PLACEHOLDER.findall(text))


def _closing(text: str, *, is_chinese: bool = False) -> str:
    """The mark at the end of a sentence, as it would be in Chinese."""
    if is_chinese:
        return text[-1:] if text[-1:] in ENDINGS.values() else ""
    return next((ENDINGS[end] for end in ("...", ".", "?", ":", "…") if text.endswith(end) and len(text) > 1), "")


@pytest.mark.parametrize("domain", strings.DOMAINS)
def test_each_language_answers_in_itself(domain: str) -> None:
    found, _places = strings.wanted(domain)
    entries = {(entry.msgctxt, entry.msgid): entry for entry in strings.catalogue(domain)}
    english = {entry.msgid: entry.msgstr for entry in strings.catalogue(language="en")}
    answers = {language: trans_real.DjangoTranslation(language, domain=domain) for language in ("en", "zh-hans")}
    for key, message in found.items():
        entry = entries[key]
        chinese = entry.msgstr_plural[0] if message.plural else entry.msgstr
        assert _answer(answers["en"], message) == english.get(message.singular, message.singular)
        assert _answer(answers["zh-hans"], message) == chinese
        assert CHINESE.search(chinese) or not LATIN.search(PLACEHOLDER.sub("", chinese))


def _answer(language: trans_real.DjangoTranslation, message: strings.Message) -> str:
    if message.plural:
        return str(language.ngettext(message.singular, message.plural, 1))
    if message.context:
        return str(language.pgettext(message.context, message.singular))
    return str(language.gettext(message.singular))


def test_english_mends_only_what_is_said() -> None:
    said = {key for domain in strings.DOMAINS for key in strings.wanted(domain)[0]}
    book = strings.catalogue(language="en")
    assert not [entry.msgid for entry in book if (entry.msgctxt, entry.msgid) not in said or not entry.translated()]
    assert not [entry.msgid for entry in book if CHINESE.search(entry.msgstr)]


def test_what_is_said_better_is_said_by_django_too() -> None:
    assert {(None, word) for word in strings.SAID_BETTER} <= strings.translated_elsewhere()


def test_every_installed_library_is_looked_at() -> None:
    """One that is added brings strings of its own: name it in strings.LIBRARIES, or in TRANSLATED if it has Chinese."""
    silent = {"django.contrib.messages", "django.contrib.staticfiles"}
    known = {*strings.LIBRARIES, *strings.TRANSLATED, *silent, *OURS}
    packages = {config.name for config in apps.get_app_configs()}
    assert not [name for name in packages if name not in known and name.split(".")[0] not in strings.LIBRARIES]


# --- the extractor


def test_the_extractor_reads_every_way_of_asking_in_python() -> None:
    source = """
from django.utils import translation
from django.utils.translation import gettext as _, ngettext, pgettext_lazy, gettext_lazy
a = _("one" " and more"); b = gettext_lazy('two'); c = translation.gettext("three")
d = ngettext("%(n)s day", "%(n)s days", 2); e = pgettext_lazy("month", "May"); f = other("none")
"""
    assert set(strings.python_messages(source)) == {
        strings.Message(None, "one and more"), strings.Message(None, "two"), strings.Message(None, "three"),
        strings.Message(None, "%(n)s day", "%(n)s days"), strings.Message("month", "May"),
    }


def test_the_extractor_refuses_what_is_put_together_while_it_runs() -> None:
    with pytest.raises(strings.NotLiteralError):
        list(strings.python_messages('from django.utils.translation import gettext as _\n_(f"{x} days")'))


def test_the_extractor_reads_every_way_of_asking_in_templates() -> None:
    source = """{% translate "one" %}{% trans 'two' as x %}{{ y|default:_("three") }}{% include "a" with b=_("four") %}
{% blocktranslate trimmed count n=n %}
  {{ n }} "day"
{% plural %}{{ n }} days{% endblocktranslate %}{% translate "May" context "month" %}"""
    assert set(strings.template_messages(source)) == {
        *(strings.Message(None, word) for word in ("one", "two", "three", "four")),
        strings.Message(None, '%(n)s "day"', "%(n)s days"), strings.Message("month", "May"),
    }


# --- templates and models


def test_templates_say_nothing_outside_their_translation_tags() -> None:
    faults = [
        f"{path.relative_to(strings.PROJECT)}:{line}: {text}"
        for path in strings.our_sources() if path.suffix == ".html"
        for line, text in unwrapped(path.read_text()) if not set(re.findall(r"\w+", text)) <= TEMPLATE_NAMES
    ]
    assert not faults


def test_words_outside_tags_are_found() -> None:
    source = '<p title="{{ x }}">{% translate "a" %} bare</p>{# no #}<input type="submit" value="Send"><i>Oké</i>'
    assert [text for _line, text in unwrapped(source)] == ["bare", "Send", "Oké"]
    assert [text for _line, text in unwrapped('{% include "x.html" with title="Bare" %}')] == ['"Bare"']
    either = '<{% if x %}a href="{{ x }}"{% else %}span{% endif %}>{{ y }}</{% if x %}a{% else %}p{% endif %}>'
    assert not unwrapped(either)


def test_modules_say_nothing_without_asking_for_its_translation() -> None:
    faults = [
        f"{path.relative_to(strings.PROJECT)}:{line}: {text}"
        for path in strings.our_sources() if path.suffix == ".py" and not DEVELOPERS & set(path.parts)
        for line, text in unwrapped_in_python(path.read_text()) if text.strip("'") not in NAMES
    ]
    assert not faults


def test_plain_words_in_modules_are_found() -> None:
    source = """
verbose_name = "member"; title = "Members"; field(label="Kind"); field(label=_("Kind")); code(name="Kind")
messages.info(request, f"{x} is done"); raise FullError("too full"); raise ValueError("not a number"); CellError("bad")
"""
    texts = [text for _line, text in unwrapped_in_python(source)]
    assert texts == ["'Members'", "'Kind'", "f'{x} is done'", "'too full'"]


def our_models() -> Iterator[type[Model]]:
    """What our migrations make for people to see: event and staging tables are never shown by their names."""
    for name in OURS:
        for model in apps.get_app_config(name).get_models():
            if model._meta.managed and not hasattr(model, "pgh_tracked_model"):
                yield model


def _names(model: type[Model]) -> Iterator[tuple[str, object]]:
    meta = model._meta
    yield from (("verbose_name", meta.verbose_name), ("verbose_name_plural", meta.verbose_name_plural))
    yield from meta.permissions
    # The columns of a table between two are named by Django, in English and for nobody.
    columns = () if meta.concrete_model._meta.auto_created else (*meta.fields, *meta.many_to_many)
    for field in columns:
        if field.auto_created:
            continue
        yield field.name, field.verbose_name
        yield from ((f"{field.name} help", text) for text in [field.help_text] if text)
        yield from ((f"{field.name}={value}", label) for value, label in _choices(field))


def _choices(field: "Field") -> list[tuple[object, object]]:
    inner = getattr(field, "base_field", field)
    # The labels of an enum as they were written, not as the field has already turned them into text.
    return [(value, label) for value, label in (inner.flatchoices or []) if value not in ("", None)]


def test_names_of_models_fields_and_choices_are_translated() -> None:
    faults = [
        f"{model._meta.label}: {name}"
        for model in our_models() for name, said in _names(model)
        if not isinstance(said, Promise) or not is_chinese(said)
    ]
    assert not faults


def test_apps_importers_and_jobs_have_chinese_names() -> None:
    said = [apps.get_app_config(name).verbose_name for name in OURS]
    said += [each.label for each in (*registry.jobs, *registry.importers)]
    plain = [name for name in said if not isinstance(name, Promise) or not is_chinese(name)]
    assert not {str(name) for name in plain} - NAMES
