"""The hostile texts are as many and as different as is said, and each would tell if it ran."""

from deploy.quality.corpus import ATTRIBUTES, COUNT, ELEMENTS, ODD, PAYLOADS

IN_THE_SUITE = PAYLOADS[:100]


def test_there_are_three_hundred_different_texts() -> None:
    assert len(PAYLOADS) == len(set(PAYLOADS)) == COUNT == 300


def test_the_first_hundred_hold_every_kind() -> None:
    assert {*ELEMENTS, *ODD, *ATTRIBUTES} <= set(IN_THE_SUITE)


def test_every_text_calls_the_trap_or_asks_a_stranger() -> None:
    silent = [each for each in PAYLOADS if "rap()" not in each and "trap.invalid" not in each]

    assert silent == []
