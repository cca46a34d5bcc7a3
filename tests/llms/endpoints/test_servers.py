"""Which server is asked next, told by a clock that the test winds."""

from hypothesis import given
from hypothesis import strategies as st

from intercoder.llms.endpoints.servers import FIRST_REST, LONGEST_REST, Servers, Turn


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def servers(count: int = 2) -> tuple[Servers, Clock]:
    clock = Clock()
    return Servers([f"http://127.0.0.1:{8000 + place}/v1" for place in range(count)], clock=clock), clock


def take(of: Servers, *but: int) -> int | None:
    """Place of the server whose turn it is; the turn goes on."""
    turn = of.take([of.all[place] for place in but])
    return None if turn is None else of.all.index(turn.server)


def turn_at(of: Servers, place: int) -> Turn:
    turn = of.take([server for server in of.all if server is not of.all[place]])
    assert turn is not None
    return turn


def fail(of: Servers, place: int, *, away: bool = True, rest: float = 0.0) -> None:
    turn = turn_at(of, place)
    of.trouble(turn, error=ConnectionError(), away=away, rest=rest)
    turn.end()


def test_the_least_busy_is_asked_and_of_equals_the_first() -> None:
    three, _ = servers(3)
    assert [take(three) for _ in range(7)] == [0, 1, 2, 0, 1, 2, 0]


def test_who_is_done_first_is_asked_again() -> None:
    two, _ = servers()
    first, second = two.take(), two.take()
    assert first is not None and second is not None
    second.end()
    assert take(two) == 1


@given(st.lists(st.booleans(), max_size=60))
def test_requests_in_flight_never_differ_by_more_than_one_while_all_are_well(acts: list[bool]) -> None:
    three, _ = servers(3)
    turns: list[Turn] = []
    for begins in acts:
        if begins or not turns:
            turn = three.take()
            assert turn is not None
            assert turn.server.in_flight == min(server.in_flight for server in three.all) or (
                turn.server.in_flight - 1 <= min(server.in_flight for server in three.all)
            )
            turns.append(turn)
        else:
            turn = turns.pop(0)
            three.well(turn)
            turn.end()
    assert sum(server.in_flight for server in three.all) == len(turns)


def test_a_server_that_is_away_rests_and_is_tried_by_one_request() -> None:
    two, clock = servers()
    fail(two, 0)
    assert [take(two), take(two)] == [1, 1]
    clock.now += FIRST_REST
    assert [take(two), take(two)] == [0, 1]


def test_whoever_tries_and_succeeds_opens_it_for_all() -> None:
    two, clock = servers()
    fail(two, 0)
    clock.now += FIRST_REST
    trying = turn_at(two, 0)
    two.well(trying)
    trying.end()
    assert [take(two), take(two), take(two)] == [0, 1, 0]


def test_a_try_that_is_given_up_leaves_it_to_the_next() -> None:
    two, clock = servers()
    fail(two, 0)
    clock.now += FIRST_REST
    turn_at(two, 0).end()
    assert take(two) == 0


def test_rests_double_up_to_the_longest() -> None:
    one, clock = servers(1)
    rests = []
    for _ in range(9):
        fail(one, 0)
        rests.append(one.all[0].rests_until - clock.now)
        assert one.until_rested(one.all) == rests[-1]
        clock.now = one.all[0].rests_until
    assert rests[:4] == [FIRST_REST * 2**power for power in range(4)]
    assert rests[-1] == LONGEST_REST


def test_many_requests_that_break_together_are_one_trouble() -> None:
    one, _ = servers(1)
    turns = [turn_at(one, 0) for _ in range(8)]
    for turn in turns:
        one.trouble(turn, error=ConnectionError(), away=True)
        turn.end()
    assert (one.all[0].troubles, one.all[0].in_flight) == (1, 0)


def test_an_answer_to_a_question_from_before_the_trouble_proves_nothing() -> None:
    two, _ = servers()
    early = turn_at(two, 0)
    fail(two, 0)
    two.well(early)
    early.end()
    assert take(two) == 1


def test_who_answers_badly_is_asked_where_nobody_else_is_left() -> None:
    two, _ = servers()
    fail(two, 0, away=False)
    assert take(two) == 1
    fail(two, 1)
    assert take(two) == 0


def test_nobody_is_asked_where_all_are_away() -> None:
    two, clock = servers()
    fail(two, 0)
    fail(two, 1)
    assert take(two) is None
    clock.now += FIRST_REST
    assert [take(two), take(two), take(two)] == [0, 1, None]
    assert two.until_rested(two.all) is None


def test_a_server_rests_as_long_as_it_says_within_reason() -> None:
    one, clock = servers(1)
    fail(one, 0, away=False, rest=5.0)
    assert one.all[0].rests_until == clock.now + 5.0
    fail(one, 0, away=False, rest=86_400.0)
    assert one.all[0].rests_until == clock.now + LONGEST_REST
