from graph.metamodel import ASSETS, CATALOGUE, KINDS, RELATIONS
from graph.metamodel_doc import DOCUMENT, document


def test_the_document_is_what_the_metamodel_says():
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "stale: run python -m graph.metamodel_doc"


def test_relations_lead_between_kinds_that_exist():
    assert {kind for r in RELATIONS.values() for kind in r.sources | r.targets} <= KINDS.keys()


def test_relations_do_not_mix_assets_and_catalogue():
    for relation in RELATIONS.values():
        assert relation.targets <= ASSETS or relation.targets <= CATALOGUE, relation.type


def test_properties_are_declared_once_a_kind():
    for kind in KINDS.values():
        names = [item.name for item in kind.properties]
        assert len(names) == len(set(names)), kind.label


def test_every_kind_and_relation_is_named_in_both_languages():
    assert all(kind.english and kind.german and kind.description for kind in KINDS.values())
    assert all(relation.english and relation.german for relation in RELATIONS.values())
