"""Which transfers are drawn, by another implementation of the rule; and that each device and visit is among them."""

import hashlib
import random
import struct

from agent.audit.spotcheck.lots import Candidate, draw, draw_files


def population(chance: random.Random, size: int) -> list[Candidate]:
    """Transfers of a few devices and visits, in any order."""
    places = [(f"visit-photo-agent/laptop-{chance.randrange(4)}", index) for index in chance.sample(range(10**6), size)]
    return [Candidate(origin, index, "", str(index), f"visit-{chance.randrange(5)}") for origin, index in places]


def by_the_rule(some: list[Candidate], seed: str, sample: int) -> set[tuple[str, int]]:
    """As the guide says: sort all by hash, take the first; then the first of each device or visit still missing."""
    order = sorted(
        some,
        key=lambda one: hashlib.sha256(
            b"".join((seed.encode("utf-8"), one.origin.encode("utf-8"), struct.pack(">Q", one.index)))
        ).hexdigest(),
    )
    taken = order[:sample]
    for device in {one.origin for one in some} - {one.origin for one in taken}:
        taken = [*taken, next(one for one in order if one.origin == device)]
    for visit in sorted(
        {one.visit for one in some} - {one.visit for one in taken},
        key=lambda visit: next(place for place, one in enumerate(order) if one.visit == visit),
    ):
        if visit not in {one.visit for one in taken}:
            taken = [*taken, next(one for one in order if one.visit == visit)]
    return {(one.origin, one.index) for one in taken}


def test_ten_thousand_draws_agree_with_another_implementation() -> None:
    chance = random.Random(2026)
    for number in range(10_000):
        some = population(chance, chance.randrange(1, 25))
        seed, sample = f"seed {number} ä", chance.randrange(12)
        drawn = draw(some, seed, sample)
        found = {(one.candidate.origin, one.candidate.index) for one in drawn}
        assert found == by_the_rule(some, seed, sample)
        assert len(found) == len(drawn)
        assert sum(one.why == "sample" for one in drawn) == min(sample, len(some))


def test_each_device_and_each_visit_is_drawn_at_least_once() -> None:
    some = population(random.Random(1), 200)
    drawn = [one.candidate for one in draw(some, "seed", 1)]
    assert {one.origin for one in drawn} == {one.origin for one in some}
    assert {one.visit for one in drawn} == {one.visit for one in some}
    assert len(drawn) <= 1 + 4 + 5


def test_the_order_of_the_records_does_not_matter() -> None:
    some = population(random.Random(2), 300)
    assert draw(some, "seed", 20) == draw(some[::-1], "seed", 20)
    assert draw(some, "seed", 20) != draw(some, "another seed", 20)


def test_no_two_transfers_share_a_lot_by_how_they_are_written() -> None:
    one, other = (
        Candidate(f"visit-photo-agent/laptop-{name}", index, "", "", "") for name, index in (("1", 17), ("11", 7))
    )
    assert [found.candidate for found in draw([one, other], "seed", 1)] != [one, other]


def test_files_are_drawn_by_their_names_whatever_bytes_these_hold() -> None:
    names = [f"visits/museum/{number}.jpg" for number in range(50)] + ["visits/museum/\udcff.jpg"]
    drawn = draw_files(names, "seed", 10)
    expected = sorted(
        names, key=lambda name: hashlib.sha256(b"seed" + name.encode("utf-8", "surrogateescape")).digest()
    )
    assert list(drawn) == expected[:10]
