"""Charts show what the values are: a gap is not a zero, the highest is at the top, ASCII where that is all."""

from console.view.history.chart import figure, plot, plot_columns, sparkline


def test_a_sparkline_begins_at_zero_and_shows_gaps() -> None:
    assert sparkline([0, 50, 100, None, 99]) == "▁▅█·█"
    assert sparkline([0, 50, 100, None, 99], is_ascii=True) == "_o@ @"
    assert sparkline([None, None]) == "··"
    assert sparkline([0, 0]) == "▁▁"


def test_a_plot_has_its_axes_in_text_and_fits() -> None:
    columns = plot_columns(40)
    lines = plot([None] * (columns - 2) + [100.0, 900.0], [], width=40, height=8, unit="ms", ends=("then", "now"))
    assert len(lines) == 8
    assert max(map(len, lines)) <= 40
    assert lines[0].startswith("  1000 ms ┤")
    assert lines[-2].startswith("        0 └─")
    assert lines[-1].split() == ["then", "now"]
    assert [line[-1] for line in lines[:6]] == [*"⢠⢸⢸⢸⢸⠚"]  # 100 at the bottom left, and the line up to 900


def test_a_plot_in_ascii_is_ascii() -> None:
    values = [float(each) for each in range(plot_columns(60, is_ascii=True))]
    lines = plot(values, [each * 2 for each in values], width=60, height=10, unit="ms", ends=("a", "b"), is_ascii=True)
    assert all(line.isascii() for line in lines)
    assert "*" in lines[4]
    assert "." in lines[0]


def test_nothing_to_draw_is_an_empty_plot() -> None:
    lines = plot([None] * 10, [None] * 10, width=30, height=6, unit="ms", ends=("a", "b"))
    assert [line.rstrip("┤ ") for line in lines[1:4]] == ["", "      0.5", ""]


def test_a_figure_has_three_digits_that_count() -> None:
    assert [figure(each) for each in (0, 0.1234, 9.876, 99.94, 1234.5, 12_345, 2_345_678)] == [
        "0", "0.123", "9.88", "99.9", "1234", "12.3k", "2.35M",
    ]  # fmt: skip
