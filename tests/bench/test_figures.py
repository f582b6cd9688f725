"""What a figure says of itself: a share of what stands beneath it, and whether that is enough."""

import pytest

from deploy import bench
from deploy.bench.figures import Figure, percentile


@pytest.mark.parametrize(
    ("figure", "is_ok"),
    [
        pytest.param(Figure("f", "w", 40, "/s", ceiling=100, goal=0.4), True, id="reaches it"),
        pytest.param(Figure("f", "w", 39, "/s", ceiling=100, goal=0.4), False, id="misses it"),
        pytest.param(Figure("f", "w", 15, "ms", goal=15, is_cap=True), True, id="just below"),
        pytest.param(Figure("f", "w", 16, "ms", goal=15, is_cap=True), False, id="above its cap"),
        pytest.param(Figure("f", "w", 1, "/s"), True, id="has no goal"),
    ],
)
def test_a_goal_is_a_ratio_where_there_is_a_ceiling(figure: Figure, is_ok: bool) -> None:
    assert figure.ok is is_ok


def test_a_figure_is_told_under_the_names_that_programs_rely_on() -> None:
    told = Figure("starts", "300 orders", 50, "/s", ceiling=200, goal=0.2).as_json()

    names = {"name", "workload", "figure", "unit", "ceiling", "ratio", "goal", "ok"}
    assert names <= set(told)
    assert (told["ratio"], told["ok"]) == (0.25, True)


def test_a_percentile_is_a_value_that_was_seen() -> None:
    values = [float(number) for number in range(1, 101)]

    assert percentile(values, 0.5) == 51
    assert percentile(values, 0.99) == 100
    assert percentile([7.0], 0.99) == 7


def test_every_benchmark_loads_and_goes_by_its_own_name() -> None:
    assert [bench.load(name).name for name in bench.names()] == list(bench.names())
