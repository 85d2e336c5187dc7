"""Check what language codes of sources are taken to say."""

from __future__ import annotations

import pytest

from api.domain.languages import is_english, is_known


@pytest.mark.parametrize("code", ["en", "EN", "en-GB", "en_US", "eng"])
def test_english_of_any_region_is_english(code: str) -> None:
    assert is_english(code)


@pytest.mark.parametrize("code", ["de", "pt-BR", "zh-Hans", "enm"])
def test_other_languages_are_known_and_not_english(code: str) -> None:
    assert is_known(code)
    assert not is_english(code)


@pytest.mark.parametrize("code", [None, "", "und", "zxx", "qme", "qht", "qam"])
def test_codes_that_name_no_language_are_unknown(code: str | None) -> None:
    assert not is_known(code)
