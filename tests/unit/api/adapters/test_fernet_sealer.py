"""What is sealed can be read only with the keys, and only so long where a time is given."""

import time

from cryptography.fernet import Fernet

from api.adapters.fernet_sealer import FernetSealer

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_what_was_sealed_is_unsealed_and_never_sealed_alike() -> None:
    sealer = FernetSealer([NEW])

    sealed = sealer.seal("é secret")

    assert "secret" not in sealed
    assert sealer.unseal(sealed) == "é secret"
    assert sealer.seal("é secret") != sealed


def test_an_old_key_still_unseals_and_the_first_one_seals() -> None:
    both = FernetSealer([NEW, OLD])

    assert both.unseal(FernetSealer([OLD]).seal("kept")) == "kept"
    assert FernetSealer([NEW]).unseal(both.seal("fresh")) == "fresh"


def test_what_was_not_sealed_here_is_not_unsealed() -> None:
    sealer = FernetSealer([NEW])
    sealed = sealer.seal("text")

    assert sealer.unseal(FernetSealer([OLD]).seal("text")) is None
    assert sealer.unseal(sealed[:-6] + "AAAAAA") is None
    assert sealer.unseal("") is None
    assert sealer.unseal("é\x00") is None


def test_what_was_sealed_too_long_ago_is_not_unsealed() -> None:
    sealer = FernetSealer([NEW])
    stale = Fernet(NEW).encrypt_at_time(b"text", int(time.time()) - 601).decode()

    assert sealer.unseal(stale) == "text"
    assert sealer.unseal(stale, seconds=600) is None


def test_what_an_old_key_sealed_is_sealed_with_the_first_one_so_that_the_old_one_can_go() -> None:
    resealed = FernetSealer([NEW, OLD]).reseal(FernetSealer([OLD]).seal("kept"))

    assert resealed is not None
    assert FernetSealer([NEW]).unseal(resealed) == "kept"
    assert FernetSealer([NEW]).reseal(FernetSealer([OLD]).seal("kept")) is None
