"""`docs/metamodel.md` from the metamodel: run `python -m graph.metamodel_doc` to write it anew."""

from pathlib import Path

from graph.metamodel import KINDS, RELATIONS
from graph.metamodel_form import Kind, RelationType

DOCUMENT = Path(__file__).parent.parent / "docs" / "metamodel.md"
_GROUPS = {"thing": "Things", "catalogue": "Catalogue", "city": "City", "lifecycle": "Lifecycle facts"}
_FAILURE = {
    "none": "does not carry failure",
    "to_source": "the second failing affects the first",
    "to_target": "the first failing affects the second",
}


def document() -> str:
    """The document's text."""
    parts = [
        "# Metamodel\n",
        "Made from `graph/metamodel.py` by `python -m graph.metamodel_doc`; a test fails when it is stale. Every node",
        "has `id`, `name`, `kind`, `first_seen`, `retired_at`; every relationship its claiming records and `since`.\n",
    ]
    for group, title in _GROUPS.items():
        parts.append(f"## {title}\n")
        parts += [_kind(kind) for kind in KINDS.values() if kind.group == group]
    parts.append("## Relations\n")
    parts += ["| relation | English | Deutsch | failure | properties |", "|---|---|---|---|---|"]
    parts += [_relation(relation) for relation in RELATIONS.values()]
    parts.append("\n### From and to\n")
    parts += [f"- `{r.type}`: {_ends(r.sources)} → {_ends(r.targets)}" for r in RELATIONS.values()]
    return "\n".join(parts) + "\n"


def _kind(kind: Kind) -> str:
    named = "; named, so that its name identifies it" if kind.named else ""
    head = (
        f"### `{kind.label}` ({kind.english} · {kind.german})\n\n{kind.description}. Family `{kind.family}`{named}.\n"
    )
    rows = [
        f"| `{p.name}` | {p.type}{f', {p.unit}' if p.unit else ''} | {p.group} | {p.description} |"
        for p in kind.properties
    ]
    table = "\n".join(["| property | type | group | meaning |", "|---|---|---|---|", *rows])
    return f"{head}\n{table}\n"


def _relation(relation: RelationType) -> str:
    properties = ", ".join(f"`{p.name}`" for p in relation.properties)
    return (
        f"| `{relation.type}` | {relation.english} | {relation.german} | {_FAILURE[relation.failure]} | {properties} |"
    )


def _ends(kinds: frozenset[str]) -> str:
    return "any" if len(kinds) > 15 else ", ".join(f"`{kind}`" for kind in sorted(kinds))  # noqa: PLR2004 - a line's worth


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
