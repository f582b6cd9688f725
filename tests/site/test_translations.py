"""Nothing is left in English but what creators wrote."""

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from services.site.public import render
from services.site.public.strings import manage_strings, script_strings

SITE_ROOT = Path(render.__file__).parents[1]
METHODS = [
    ("templates/**.html.j2", "jinja2.ext:babel_extract"),
    ("public/**.py", "python"),
    ("cart/**.py", "python"),
    ("community/**.py", "python"),
    ("manage/**.py", "python"),
    ("admin/**.py", "python"),
]
OPTIONS = {"templates/**.html.j2": {"extensions": "jinja2.ext.i18n", "newstyle_gettext": "true"}}
SAME_IN_SPANISH = {"Final", "No", "{n} min", "{n} s"}
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")

Message = str | tuple[str, ...]


def written() -> set[Message]:
    """Every msgid that pages and scripts use."""
    found = extract_from_dir(SITE_ROOT, METHODS, OPTIONS)
    return {message if isinstance(message, str) else tuple(message) for _, _, message, *_ in found}


def translated() -> dict[Message, Message]:
    """The Spanish catalogue."""
    with (SITE_ROOT / "translations/es/LC_MESSAGES/site.po").open("rb") as source:
        messages = [each for each in read_po(source, locale="es") if each.id]
    assert not any(each.fuzzy for each in messages)
    return {
        each.id if isinstance(each.id, str) else tuple(each.id): (
            each.string if isinstance(each.string, str) else tuple(each.string)
        )
        for each in messages
    }


def test_every_sentence_is_translated_and_no_translation_is_left_over() -> None:
    catalogue = translated()

    assert set(catalogue) == written()
    empty = [message for message, text in catalogue.items() if not text or not all(text)]
    assert empty == []


def test_a_translation_differs_from_the_english() -> None:
    same = {message for message, text in translated().items() if message == text}

    assert same == SAME_IN_SPANISH


def test_a_translation_keeps_every_placeholder() -> None:
    for message, text in translated().items():
        forms = [message] if isinstance(message, str) else list(message)
        answers = [text] if isinstance(text, str) else list(text)
        wanted = {each for form in forms for each in PLACEHOLDER.findall(form)}
        for answer in answers:
            assert set(PLACEHOLDER.findall(answer)) == wanted, answer


def test_scripts_use_only_sentences_the_page_hands_them() -> None:
    scripts = {path.name: path.read_text() for path in (SITE_ROOT / "static/js").glob("*.js")}
    said = {key for text in scripts.values() for key in re.findall(r'\bsay\(\s*"(\w+)"', text)}
    managed = set(re.findall(r"\bwords\.(?!js\b)(\w+)", scripts["manage.js"]))

    assert said <= set(script_strings("en"))
    assert managed <= set(manage_strings("en"))
    assert set(script_strings("en")) == set(script_strings("es"))


def test_scripts_speak_no_english_of_their_own() -> None:
    scripts = list((SITE_ROOT / "static/js").glob("*.js"))

    assert scripts
    for path in scripts:
        code = re.sub(r"//[^\n]*|/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        sentences = re.findall(r'"([A-Z][a-z]+ [a-z]+ [^"]*)"', code)
        assert sentences == [], path.name
