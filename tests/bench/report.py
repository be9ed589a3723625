"""What was measured, as tables for people and as one JSON document for machines."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.measure import Figure, Spread, ratio
from tests.bench.memory import LIMIT_BYTES, Memory

SCHEMA = "dovetail.bench/1"
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Aim:
    """Something that issue 2 asks for.

    Attributes:
        one: Contender whose processor time is divided ...
        by: ... by this one's.
        most: At most so much.

    """

    says: str
    one: str
    by: str
    most: float


AIMS = (
    Aim("a whole exchange: at least twice as4, per core", "exchange", "as4", 0.5),
    Aim("the gate: at most twice its bare signatures and HPKE, in CPU", "gate", "bare-gate", 2.0),
)
BESIDE = (
    ("seal", "bare-seal"),
    ("open", "bare-open"),
    ("gate", "bare-gate"),
    ("gate-bus", "bare-gate"),
    ("gate-bus", "jetstream"),
    ("exchange", "bare-exchange"),
    ("exchange-feeds", "bare-exchange-feeds"),
    ("bare-exchange", "as4"),
    ("exchange", "as4"),
    ("exchange-feeds", "as4"),
    ("exchange-bus", "as4"),
    ("exchange-bus", "jetstream"),
)


def document(
    figures: Mapping[str, Figure], memory: Memory | None, facts: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything as plain values. Times in seconds for one operation; ratios of processor time."""
    return {
        "schema": SCHEMA,
        "facts": dict(facts),
        "figures": {name: _figure(one) for name, one in figures.items()},
        "ratios": {
            f"{one}/{other}": asdict(ratio(figures[one], figures[other]))
            for one, other in BESIDE
            if one in figures and other in figures
        },
        "aims": [
            {"says": aim.says, "ratio": asdict(found), "most": aim.most, "met": _met(aim, found)}
            for aim, found in _aims(figures)
        ],
        "memory": asdict(memory) | {"met": memory.peak_bytes < LIMIT_BYTES} if memory else None,
    }


def _aims(figures: Mapping[str, Figure]) -> list[tuple[Aim, Spread]]:
    return [
        (aim, ratio(figures[aim.one], figures[aim.by]))
        for aim in AIMS
        if aim.one in figures and aim.by in figures
    ]


def _met(aim: Aim, found: Spread) -> bool:
    return found.median <= aim.most


def _figure(one: Figure) -> dict[str, Any]:
    spreads = ("per_s", "per_core", "cpu_s", "server_cpu_s")
    return {
        "title": one.title,
        "contains": one.contains,
        "rounds": len(one.samples),
        "operations": sum(sample.count for sample in one.samples),
        **{name: asdict(getattr(one, name)) for name in spreads},
    }


def show(
    console: Console,
    figures: Mapping[str, Figure],
    memory: Memory | None,
    facts: Mapping[str, Any],
) -> None:
    """Print it for people."""
    for name, value in facts.items():
        console.print(f"{name}: {value}", highlight=False, soft_wrap=True)
    console.print(_figures_table(figures))
    console.print(_contents_table(figures))
    ratios = _ratios_table(figures)
    if ratios.row_count:
        console.print(ratios)
    for aim, found in _aims(figures):
        verdict = "[green]met[/]" if _met(aim, found) else "[red]not met[/]"
        console.print(
            f"Aim: {aim.says}: {verdict}"
            f" (CPU of {aim.one} / {aim.by} = {found.median:.2f}; aim: at most {aim.most:g})"
        )
    if memory:
        verdict = "[green]met[/]" if memory.peak_bytes < LIMIT_BYTES else "[red]not met[/]"
        console.print(
            f"Memory of the broker's process: {memory.empty_bytes / _MIB:.0f} MiB with nothing open, "
            f"{memory.full_bytes / _MIB:.0f} MiB with {memory.requests} requests open "
            f"(peak {memory.peak_bytes / _MIB:.0f} MiB; start and first look at all of them "
            f"{memory.start_s:.1f} s). Aim: below {LIMIT_BYTES / _MIB:.0f} MiB: {verdict}"
        )


def _figures_table(figures: Mapping[str, Figure]) -> Table:
    table = Table(title="Operations; median of rounds, [quartiles]", title_justify="left")
    table.add_column("", no_wrap=True)
    for head in ("per second", "per core", "CPU µs each", "server CPU µs"):
        table.add_column(head, justify="right", no_wrap=True)
    for one in figures.values():
        server = one.server_cpu_s
        table.add_row(
            f"[bold]{one.name}[/]",
            f"{one.per_s.median:,.0f}",
            f"{one.per_core.median:,.0f}",
            _micro(one.cpu_s),
            _micro(server) if server.high else "–",
        )
    return table


def _contents_table(figures: Mapping[str, Figure]) -> Table:
    table = Table(
        title="What one operation is, and its signatures and key encapsulations",
        title_justify="left",
        show_lines=True,
    )
    table.add_column("", no_wrap=True)
    table.add_column("")
    for one in figures.values():
        table.add_row(f"[bold]{one.name}[/]", f"{one.title}\n[dim]{one.contains}[/]")
    return table


def _ratios_table(figures: Mapping[str, Figure]) -> Table:
    table = Table(title="CPU of one for each CPU of another, round by round", title_justify="left")
    table.add_column("")
    table.add_column("median", justify="right")
    table.add_column("quartiles", justify="right")
    for one, other in BESIDE:
        if one in figures and other in figures:
            found = ratio(figures[one], figures[other])
            table.add_row(
                f"{one} / {other}", f"{found.median:.2f}", f"{found.low:.2f} – {found.high:.2f}"
            )
    return table


def _micro(spread: Spread) -> str:
    return f"{spread.median * 1e6:,.0f} \\[{spread.low * 1e6:,.0f}–{spread.high * 1e6:,.0f}]"
