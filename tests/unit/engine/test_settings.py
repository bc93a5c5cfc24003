"""Rules of the deployment settings (engine/settings.py)."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from engine.errors import InvalidSettings
from engine.settings import Settings, settings_from


def test_an_empty_environment_gives_the_defaults() -> None:
    """Nothing has to be set to start."""
    settings = settings_from({"HOME": "/nowhere"})

    assert Settings() == settings
    assert Path("bothways-data") == settings.data
    assert settings.salt_bytes() is None


def test_values_come_from_prefixed_names() -> None:
    """BOTHWAYS_ and the field's name in capitals."""
    settings = settings_from({"BOTHWAYS_DATA": "/srv/data", "BOTHWAYS_COMMIT_EVENTS_MAX": "7", "BOTHWAYS_SALT": "pepper"})

    assert (Path("/srv/data"), 7, b"pepper") == (settings.data, settings.commit_events_max, settings.salt_bytes())


def test_an_empty_value_counts_as_unset() -> None:
    """Process managers pass empty variables for settings that were left out."""
    assert Settings() == settings_from({"BOTHWAYS_LOG_LEVEL": ""})


def test_an_unknown_name_is_refused_and_named() -> None:
    """A misspelt setting stops the start instead of being ignored."""
    with pytest.raises(InvalidSettings, match=r"^BOTHWAYS_DATE: there is no such setting; known are BOTHWAYS_DATA, "):
        settings_from({"BOTHWAYS_DATE": "x"})


def test_names_for_the_tests_are_left_alone() -> None:
    """BOTHWAYS_REQUIRE_* tells the tests what must be there; the engine doesn't read it."""
    assert Settings() == settings_from({"BOTHWAYS_REQUIRE_KAFKA": "1"})


@pytest.mark.parametrize(
    ("name", "value"),
    [("BOTHWAYS_COMMIT_EVENTS_MAX", "many"), ("BOTHWAYS_COMMIT_SECONDS_MAX", "-1"), ("BOTHWAYS_LOG_FORMAT", "xml")],
)
def test_an_unusable_value_is_refused_by_name_without_showing_it(name: str, value: str) -> None:
    """The line says which setting to correct; a value may be a secret, so it isn't repeated."""
    with pytest.raises(InvalidSettings, match=rf"^{name}: ") as caught:
        settings_from({name: value})

    assert value not in str(caught.value).replace(name, "")
    assert "\n" not in str(caught.value)


def test_the_salt_may_stand_in_a_file(tmp_path: Path) -> None:
    """A secret need not be in the environment; the line's end isn't part of it."""
    file = tmp_path / "salt"
    file.write_bytes(b"pepper\n")

    assert b"pepper" == settings_from({"BOTHWAYS_SALT_FILE": str(file)}).salt_bytes()


def test_a_salt_file_that_gives_nothing_is_refused(tmp_path: Path) -> None:
    """An empty or missing secret never turns silently into no secret."""
    empty = tmp_path / "empty"
    empty.touch()

    for file in (empty, tmp_path / "missing"):
        with pytest.raises(InvalidSettings, match=r"^BOTHWAYS_SALT_FILE: "):
            settings_from({"BOTHWAYS_SALT_FILE": str(file)}).salt_bytes()


def test_two_salts_are_refused() -> None:
    """Which of two salts holds must not be a guess."""
    with pytest.raises(InvalidSettings, match="salt_file"):
        settings_from({"BOTHWAYS_SALT": "a", "BOTHWAYS_SALT_FILE": "b"})


def test_the_salt_is_never_shown() -> None:
    """A dump of the settings may go into a report."""
    settings = settings_from({"BOTHWAYS_SALT": "pepper"})

    assert "pepper" not in repr(settings)
    assert "pepper" not in settings.model_dump_json()


def test_settings_do_not_change() -> None:
    """They are read once, at start."""
    settings = Settings()

    with pytest.raises(ValidationError):
        settings.log_level = "debug"  # type: ignore[misc]
