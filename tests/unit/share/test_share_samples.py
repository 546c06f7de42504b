"""What is remembered of a photo while it is sent, to recognise it under its final name."""

from hypothesis import given
from hypothesis import strategies as st

from agent.model.delivery import Splice
from agent.share.samples import LENGTH, SMALL, Samples
from tests.servers.photos import content


@given(
    size=st.integers(0, 4 * SMALL),
    step=st.integers(1, 50_000),
    start=st.integers(0, 3 * SMALL),
    splice=st.one_of(st.none(), st.integers(0, 4 * SMALL).map(lambda at: Splice(at, 0, b"x"))),
)
def test_each_piece_is_what_was_sent_there(size: int, step: int, start: int, splice: Splice | None) -> None:
    data, start = content(size), min(start, size)
    samples = Samples(size, splice, start)
    for offset in range(start, size, step):
        samples.see(offset, data[offset : offset + step])
    assert samples.whole == (size <= SMALL or size - start < LENGTH)
    assert all(len(piece) == LENGTH and data[at : at + LENGTH] == piece for at, piece in samples.pieces)
    if not samples.whole:
        places = [at for at, _ in samples.pieces]
        assert places[0] == start
        assert places[-1] == size - LENGTH
        assert splice is None or min(max(splice.at, start), size - LENGTH) in places


def test_nothing_is_looked_for_where_the_content_is_known() -> None:
    samples = Samples.none()
    samples.see(0, b"anything")
    assert (samples.whole, samples.pieces) == (False, [])
