"""How `ask obsolete --explain` shows the chain from what was reported to the verdict."""

from collections.abc import Iterable, Iterator

from graph.model import Node
from inventory.chain import Chain, Said
from services.cli.output import Format, fields, out, print_json, say


def show_chains(asset: Node, chains: Iterable[Chain], form: Format, *, everything: bool) -> None:
    """One paragraph a verdict, or all as JSON. `everything`: also programs that no rule knows."""
    found = list(chains)
    if form is Format.JSON:
        print_json([fields(chain) for chain in found])
        return
    if not found:
        say(f"{asset.name}: nothing that has a lifecycle of its own is reported of it")
    shown = [chain for chain in found if everything or chain.part != "program" or chain.cycles]
    for chain in shown:
        out.print(f"\n{asset.name} · {chain.part} · {chain.verdict}", markup=False)
        for title, text in _lines(chain):
            out.print(f"  {title:<9} {text}", markup=False)
    if hidden := len(found) - len(shown):
        say(f"and {hidden} programs that no rule knows; --all shows them")


def _lines(chain: Chain) -> Iterator[tuple[str, str]]:
    yield "reported", f"{chain.reported} ({', '.join(chain.records) or 'by no record'})"
    yield "matched", f"{chain.method}; confidence {chain.confidence:g}; on {chain.matched_on!r}"
    if chain.cycles:
        yield "cycle" if len(chain.cycles) == 1 else "one of", f"{chain.product}: {', '.join(chain.cycles)}"
    for said in chain.said:
        yield "says", _said(said)
    yield (
        "counts",
        f"the end of {chain.milestone} support: {chain.because}"
        if chain.milestone in SUPPORT
        else (f"the end of {chain.milestone}: {chain.because}"),
    )
    for cover in chain.covers:
        yield "contract", cover
    yield "verdict", f"{chain.verdict}, end: {chain.end}"


SUPPORT = ("active", "security", "extended")


def _said(said: Said) -> str:
    table = f", table of {said.snapshot}" if said.snapshot else ""
    where = f" ({said.source}{f', {said.citation}' if said.citation else ''}{table})" if said.source else ""
    return f"{said.milestone}: {said.end}{where}"
