"""Four kinds of chart as plain values, and how each is drawn: one palette, no decoration, readable on light and dark pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

# mid-tones that stand out from white and from near-black alike; the picture itself has no background
PALETTE = ("#3b7dc4", "#d9822b", "#4d9a6a", "#b65fa8", "#8a8f98", "#c9504a", "#a88a2e")
INK = "#767b82"
_WIDTH, _DPI = 5.2, 150
_MOST_LABELS = 16
_ABREAST = 4  # panels of curves: more would be too narrow to read


@dataclass(frozen=True)
class Bars:
    """Horizontal bars: part -> label -> value; parts are stacked, or stand side by side with `grouped`."""

    title: str
    x_label: str
    parts: Mapping[str, Mapping[str, float]]
    grouped: bool = False
    in_order: bool = False  # labels as given, not by size


@dataclass(frozen=True)
class Histogram:
    """How values are distributed over `span`; several groups are stacked, or drawn as outlines over one another with `outlines`.

    shares: of each group by itself, in percent, so that groups of different sizes can be compared.
    """

    title: str
    x_label: str
    y_label: str
    groups: Mapping[str, Sequence[float]]
    span: tuple[float, float]
    bins: int = 25
    outlines: bool = False
    shares: bool = False


@dataclass(frozen=True)
class Lines:
    """Curves over steps: name -> points; each in a panel of its own, because their units differ."""

    title: str
    x_label: str
    curves: Mapping[str, Sequence[tuple[float, float]]]


@dataclass(frozen=True)
class Points:
    """Values with an interval: panel -> label -> (value, low, high); `reference` is drawn as a line."""

    title: str
    panels: Mapping[str, Mapping[str, tuple[float, float, float]]]
    reference: float | None = None


Chart = Bars | Histogram | Lines | Points


def render(chart: Chart) -> bytes:
    """The chart as PNG; the same chart gives the same bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows, columns, height = _shape(chart)
    figure = Figure(figsize=(_WIDTH, height), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes: list[Any] = list(figure.subplots(rows, columns, squeeze=False).flat)
    figure.suptitle(chart.title, x=0.01, ha="left", fontsize=10, color=INK, fontweight="bold")
    for one in axes:
        _plain(one)
    _DRAWN[type(chart)](chart, axes)
    out = BytesIO()
    figure.savefig(out, format="png", transparent=True, metadata={"Software": None})
    return out.getvalue()


def _shape(chart: Chart) -> tuple[int, int, float]:
    """Rows of panels, panels beside one another, and the height in inches."""
    match chart:
        case Bars(parts=parts, grouped=grouped):
            rows = len(_labels(chart)) * (len(parts) if grouped else 1)
            return 1, 1, 1.1 + 0.26 * max(2, rows) * (0.7 if grouped else 1)
        case Histogram():
            return 1, 1, 2.7
        case Lines(curves=curves):
            rows = max(1, -(-len(curves) // _ABREAST))
            return rows, max(1, min(len(curves), _ABREAST)), 0.6 + 1.8 * rows
        case Points(panels=panels):
            return 1, max(1, len(panels)), 0.9 + 0.32 * max((len(points) for points in panels.values()), default=1)


def _plain(axes: Any) -> None:
    axes.tick_params(colors=INK, labelsize=8, length=0)
    axes.grid(axis="both", color=INK, alpha=0.18, linewidth=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(INK)


def _named(axes: Any, x_label: str, y_label: str = "") -> None:
    axes.set_xlabel(x_label, fontsize=8, color=INK)
    axes.set_ylabel(y_label, fontsize=8, color=INK)


def _legend(axes: Any, names: Sequence[str]) -> None:
    if len(names) > 1:
        axes.legend(
            fontsize=8, labelcolor=INK, frameon=False, ncols=4, loc="lower left", bbox_to_anchor=(0, 1.0), borderpad=0
        )


def _labels(chart: Bars) -> list[str]:
    """The labels of all parts, largest sum first unless they have an order; no more than a reader can take in."""
    sums: dict[str, float] = {}
    for values in chart.parts.values():
        for label, value in values.items():
            sums[label] = sums.get(label, 0.0) + value
    return (list(sums) if chart.in_order else sorted(sums, key=lambda label: (-sums[label], label)))[:_MOST_LABELS]


def _bars(chart: Bars, axes: list[Any]) -> None:
    (one,), labels = axes, _labels(chart)
    count = len(chart.parts) if chart.grouped else 1
    ends = [0.0] * len(labels)
    for number, (part, values) in enumerate(chart.parts.items()):
        widths = [values.get(label, 0.0) for label in labels]
        places = [place + (number - (count - 1) / 2) * 0.75 / count * chart.grouped for place in range(len(labels))]
        left = None if chart.grouped else list(ends)
        one.barh(places, widths, height=0.75 / count * 0.9, left=left, label=part, color=_color(number))
        ends = [max(end, width) if chart.grouped else end + width for end, width in zip(ends, widths, strict=True)]
    for place, end in enumerate([] if chart.grouped else ends):
        one.annotate(
            f"{end:,.0f}", (end, place), xytext=(3, 0), textcoords="offset points", va="center", fontsize=7.5, color=INK
        )
    one.margins(x=0.1)
    one.set_yticks(range(len(labels)), [_short(label) for label in labels])
    one.set_ylim(max(2, len(labels)) - 0.5, -0.5)
    one.grid(visible=False, axis="y")
    _thousands(one.xaxis, whole=not chart.grouped)
    _named(one, chart.x_label)
    _legend(one, list(chart.parts))


def _histogram(chart: Histogram, axes: list[Any]) -> None:
    (one,) = axes
    groups = {name: values for name, values in chart.groups.items() if len(values)}
    style = {"histtype": "step", "linewidth": 1.8} if chart.outlines else {"stacked": True, "rwidth": 0.92}
    colors = [_color(number) for number in range(len(groups))]
    weights = [[100 / len(values)] * len(values) for values in groups.values()] if chart.shares else None
    one.hist(
        list(groups.values()),
        bins=chart.bins,
        range=chart.span,
        weights=weights,
        label=list(groups),
        color=colors,
        **style,
    )
    one.grid(visible=False, axis="x")
    _thousands(one.yaxis, whole=True)
    _named(one, chart.x_label, chart.y_label)
    _legend(one, list(groups))


def _lines(chart: Lines, axes: list[Any]) -> None:
    for empty in axes[max(1, len(chart.curves)) :]:
        empty.remove()
    for number, (one, (name, points)) in enumerate(zip(axes, chart.curves.items(), strict=False)):
        one.plot(
            *zip(*points, strict=True),
            color=_color(number),
            linewidth=1.6,
            marker="o" if len(points) < 12 else None,
            markersize=3,
        )
        one.set_title(name, fontsize=8.5, color=INK, loc="left")
        _named(one, chart.x_label)


def _points(chart: Points, axes: list[Any]) -> None:
    for number, (one, (name, points)) in enumerate(zip(axes, chart.panels.items(), strict=True)):
        for place, (value, low, high) in enumerate(points.values()):
            one.plot([low, high], [place, place], color=_color(place), linewidth=2)
            one.plot([value], [place], color=_color(place), marker="o", markersize=6)
            one.annotate(
                f"{value:.3g}",
                (value, place),
                xytext=(0, 6),
                textcoords="offset points",
                ha="center",
                fontsize=7.5,
                color=INK,
            )
        if chart.reference is not None:
            one.axvline(chart.reference, color=INK, linewidth=1, linestyle="--")
        one.set_yticks(range(len(points)), list(points) if not number else [""] * len(points))
        one.set_ylim(len(points) - 0.5, -0.7)
        one.margins(x=0.15)
        one.locator_params(axis="x", nbins=4)
        one.grid(visible=False, axis="y")
        _named(one, name)


def _color(number: int) -> str:
    return PALETTE[number % len(PALETTE)]


def _thousands(axis: Any, whole: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(5, integer=whole))
    axis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value == round(value) else f"{value:,.2g}")


def _short(label: str) -> str:
    return label if len(label) <= 24 else f"{label[:23]}…"


_DRAWN: Mapping[type, Any] = {Bars: _bars, Histogram: _histogram, Lines: _lines, Points: _points}
