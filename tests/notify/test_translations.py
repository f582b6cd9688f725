"""Every sentence in every language."""

import re
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from services.notify.domain.language import CATALOGUES, LANGUAGES, Language


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_every_sentence_is_translated_and_no_translation_is_left_over(language: Language) -> None:
    with (CATALOGUES / language / "LC_MESSAGES" / "notify.po").open("rb") as source:
        translated = read_po(source, locale=language)
    written = _extracted()

    assert {message.id for message in translated if message.id} == written
    for message in translated:
        if not message.id:
            continue
        assert message.string, message.id
        assert not message.fuzzy, message.id
        names = re.compile(r"%\((\w+)\)s")
        used, meant = names.findall(str(message.string)), names.findall(str(message.id))
        assert sorted(used) == sorted(meant), message.id


def _extracted() -> set[Any]:
    package = CATALOGUES.parent
    with (CATALOGUES / "babel.cfg").open(encoding="utf-8") as source:
        methods, options = parse_mapping_cfg(source)  # type: ignore[no-untyped-call]
    found = extract_from_dir(
        package,
        method_map=methods,
        options_map=options,
        keywords={"_": None, "N_": None, "gettext": None},
    )
    return {message for _, _, message, _, _ in found}
