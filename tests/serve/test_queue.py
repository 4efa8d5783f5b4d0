"""Whoever is free takes what waits: in turn, up to a budget, and nothing that nobody waits for."""

import random
import threading
import time

import pytest

from glassformer.serve.queue import ClosedError, FullError, GoneError, LateError, Order, Queue
from glassformer.serve.workers import Workers


def order(sources: list[list[int]], lane: str = "a", seconds: float = 60, done=lambda order: None) -> Order:  # type: ignore[no-untyped-def]
    return Order(lane, sources, time.monotonic() + seconds, done)


def test_all_that_waits_is_taken_up_to_the_budget() -> None:
    queue = Queue(budget=20)
    for number in range(4):
        queue.put(order([[number] * 4]))  # five tokens with the end
    lane, pieces = queue.take() or ("", [])
    assert lane == "a"
    assert [piece.source[0] for piece in pieces] == [0, 1, 2, 3]
    assert queue.tokens == 0


def test_a_sentence_over_the_budget_is_taken_alone() -> None:
    queue = Queue(budget=5)
    queue.put(order([[1] * 50, [2]]))
    assert [len(piece.source) for piece in (queue.take() or ("", []))[1]] == [50]
    assert [len(piece.source) for piece in (queue.take() or ("", []))[1]] == [1]


def test_a_short_request_does_not_wait_behind_a_document() -> None:
    queue = Queue(budget=40)
    queue.put(order([[1] * 9 for _ in range(100)]))
    queue.take()
    queue.put(order([[2] * 9]))
    assert 2 in [piece.source[0] for piece in (queue.take() or ("", []))[1]]


def list_of(count: int, lane: str = "a") -> Order:
    """Ten tokens each."""
    return order([[0] * 9 for _ in range(count)], lane)


def taken(queue: Queue) -> int:
    return len((queue.take() or ("", []))[1])


def test_lists_alone_are_computed_in_batches_of_twice_the_budget() -> None:
    queue = Queue(budget=100)
    queue.put(list_of(5))
    queue.put(list_of(50))
    assert [taken(queue) for _ in range(3)] == [20, 20, 15]


@pytest.mark.parametrize("lane", ["a", "b"])
def test_where_a_short_request_waits_in_any_lane_the_budget_holds(lane: str) -> None:
    queue = Queue(budget=100)
    queue.put(list_of(60))
    assert taken(queue) == 20
    queue.put(list_of(1, lane))
    assert taken(queue) == 10
    if lane == "b":
        assert taken(queue) == 1
    assert taken(queue) == 20  # the lists are alone again


def test_a_request_of_less_than_half_a_budget_is_a_short_one() -> None:
    queue = Queue(budget=100)
    queue.put(list_of(60))
    queue.put(list_of(4))
    assert taken(queue) == 10


def test_pieces_of_similar_length_are_computed_together() -> None:
    """A batch takes as many steps as its longest sentence. The order that waits the longest says which length it is."""
    queue = Queue(budget=30)
    lengths = [3, 9, 4, 8, 5, 7, 6]
    first, second = (order([[number] * length for length in lengths]) for number in range(2))
    queue.put(first)
    queue.put(second)
    taken = [[len(piece.source) for piece in (queue.take() or ("", []))[1]] for _ in range(2)]
    assert taken == [[9, 9, 8, 8, 7, 7], [6, 6, 5, 5, 4, 4, 3, 3]]
    queue.put(order([[3] * 2, [3] * 7]))
    queue.put(order([[4] * 2, [4] * 7]))
    assert [len(piece.source) for piece in (queue.take() or ("", []))[1]] == [7, 7, 2, 2]


def test_one_list_is_shared_by_the_workers_who_are_free() -> None:
    queue = Queue(budget=10_000)
    taken: list[int] = []
    both = threading.Barrier(2)

    def compute(lane, pieces):  # type: ignore[no-untyped-def]
        taken.append(len(pieces))
        both.wait(30)  # the other worker has something, too
        return list(pieces)

    workers = Workers(queue, compute, 2, lambda pieces: None)
    workers.start()
    while queue.idle < 2:
        time.sleep(0.001)
    done = threading.Event()
    queue.put(order([[1] * 9] * 40, done=lambda order: done.set()))
    assert done.wait(30)
    assert workers.end(30)
    assert sorted(taken) == [20, 20]


def test_lanes_take_turns_and_are_never_mixed() -> None:
    queue = Queue(budget=5)
    for lane in "ab":
        queue.put(order([[1] * 9 for _ in range(3)], lane))
    taken = [queue.take() for _ in range(6)]
    assert [lane for lane, _ in filter(None, taken)] == list("ababab")


def test_what_is_late_or_left_is_not_computed() -> None:
    queue, ended = Queue(), []
    late, gone, good = order([[1]], seconds=-1, done=ended.append), order([[2]], done=ended.append), order([[3]])
    for one in (late, gone, good):
        queue.put(one)
    gone.gone.set()
    assert [piece.order for piece in (queue.take() or ("", []))[1]] == [good]
    assert ended == [late, gone]
    assert isinstance(late.error, LateError)
    assert isinstance(gone.error, GoneError)
    assert queue.tokens == 0


def test_too_much_is_refused_and_so_is_everything_at_the_end() -> None:
    queue = Queue(most_waiting=10)
    queue.put(order([[1] * 8]))
    with pytest.raises(FullError, match="9 tokens wait"):
        queue.put(order([[1] * 8]))
    queue.close()
    with pytest.raises(ClosedError):
        queue.put(order([[1]]))
    assert queue.take() is not None  # what waits is still computed
    assert queue.take() is None


def test_ten_thousand_requests_never_mix() -> None:
    """Texts of many people, of several lanes, some in pieces, some left in the middle, on four threads: each gets exactly
    its own, once."""
    chance, queue = random.Random(5), Queue(budget=200, most_waiting=10**9)
    answers: dict[int, list[list[int]]] = {}
    failed: list[Order] = []

    def compute(lane, pieces):  # type: ignore[no-untyped-def]
        assert {piece.order.lane for piece in pieces} == {lane}
        if chance.random() < 0.01:
            raise RuntimeError("a batch that fails")
        return [[lane, *piece.source] for piece in pieces]

    workers = Workers(queue, compute, 4, lambda pieces: None)
    workers.start()
    expected, orders, count = {}, [], threading.Semaphore(0)

    def done(number: int):  # type: ignore[no-untyped-def]
        def finish(one: Order) -> None:
            assert number not in answers
            if one.error is None:
                answers[number] = one.found
            else:
                failed.append(one)
            count.release()

        return finish

    def put(numbers: range) -> None:
        for number in numbers:
            lane = number % 3
            sources = [[number, part] * chance.randint(1, 5) for part in range(chance.choice([1, 1, 1, 7]))]
            expected[number] = [[lane, *source] for source in sources]
            one = Order(lane, sources, time.monotonic() + 60, done(number))
            orders.append(one)
            queue.put(one)
            if chance.random() < 0.02:
                one.gone.set()

    threads = [threading.Thread(target=put, args=(range(start, 10_000, 8),)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(10_000):
        assert count.acquire(timeout=30)
    assert workers.end(30)
    assert len(answers) + len(failed) == 10_000
    assert len(answers) > 8_000
    assert all(answers[number] == expected[number] for number in answers)
    assert queue.tokens == 0
