"""`python -m api.keys` makes keys that are shown once, lists them without secrets, and revokes."""

from pathlib import Path

import pytest

from api.keys import main

PEPPER = "a pepper for tests only"


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("API_KEY_PEPPER", PEPPER)


def made(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["create", "front end", *arguments]) == 0
    return capsys.readouterr().out.strip()


def listed(capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["list"]) == 0
    return capsys.readouterr().out


def test_a_key_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    key = made(capsys, "--scope", "read", "--scope", "analyse", "--user", "Alice")

    prefix, _, secret = key.partition(".")
    line = listed(capsys)
    assert len(secret) >= 32
    assert line.startswith(f"{prefix}  front end  scopes analyse,read  users alice  made 20")
    assert line.endswith("last used never\n")
    assert secret not in line


def test_an_admin_key_reaches_everybody(capsys: pytest.CaptureFixture[str]) -> None:
    made(capsys, "--scope", "admin")

    assert "users everybody" in listed(capsys)


def test_a_revoked_key_is_gone(capsys: pytest.CaptureFixture[str]) -> None:
    prefix = made(capsys, "--scope", "admin").partition(".")[0]

    assert main(["revoke", prefix]) == 0

    assert "is revoked" in capsys.readouterr().out
    assert listed(capsys) == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["create", "x", "--scope", "read"], "name at least one"),
        (["create", "x", "--scope", "read", "--user", "a b"], "user name"),
        (["revoke", "none"], "no key 'none'"),
    ],
)
def test_a_fault_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    made(capsys, "--scope", "admin")

    assert main(arguments) == 1

    line = capsys.readouterr().err
    assert says in line
    assert line.count("\n") == 1


def test_without_a_pepper_it_says_how_to_set_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("API_KEY_PEPPER")

    assert main(["create", "x", "--scope", "admin"]) == 1
    assert "API_KEY_PEPPER" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["list"], ["revoke", "none"]])
def test_keys_are_not_looked_for_in_a_store_that_is_not_there(
    capsys: pytest.CaptureFixture[str], arguments: list[str], tmp_path: Path
) -> None:
    assert main(arguments) == 1

    assert f"there is no store {tmp_path}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
