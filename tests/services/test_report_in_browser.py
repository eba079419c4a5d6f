"""The page in a real browser: no barrier, no request, no script, and nothing that hostile names can do."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from events.sqlite_log import SqliteLog
from graph.sqlite_store import SqliteStore
from services.report.columns import PART, said
from services.report.forms import Forms
from services.report.page import render
from tests.inventory import feeding
from tests.inventory.facts import DEBIAN, facts
from tests.inventory.test_batch import Graph
from tests.services.browser import open_chromium
from tests.services.reports import BOOKWORM, STRANGE, page, reported, with_properties
from tests.whole.profiles import apply, city, city_jobs, say
from tests.whole.profiles import facts as bundled

LANGUAGES = ("de", "en")
WIDTHS = (1280, 360)
HOSTILE = (
    "<script>document.title='gone'</script>",
    '"><img src=x onerror="document.title=1">',
    "x" * 400,
    "\u202etxet desrever",
    "a'b&amp;<b>c</b>{{ 7 * 7 }}",
)


@pytest.fixture(scope="module")
def chromium():
    with open_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def sample_city(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    log, store = SqliteLog(folder / "log.db"), SqliteStore(folder / "graph.db")
    say([bundled(), *city_jobs(city(folder / "city"))], folder, log)
    apply(log, store)
    yield reported(store)
    store.close()
    log.close()


@pytest.fixture(scope="module")
def files(sample_city, tmp_path_factory):
    """The page of the sample city, by language."""
    folder = tmp_path_factory.mktemp("pages")
    paths = {language: folder / f"{language}.html" for language in LANGUAGES}
    for language, path in paths.items():
        path.write_text(render(sample_city[0], language), encoding="utf-8")
    return {language: path.as_uri() for language, path in paths.items()}


@pytest.fixture
def hostile(tmp_path):
    graph = Graph(tmp_path)
    graph.feed([
        *facts(DEBIAN),
        *(said_with_owner(name) for name in HOSTILE),
        *(feeding.said("city", "Server", f"!{name}", feeding.system(name)) for name in HOSTILE),
        with_properties(feeding.said("city", "Server", HOSTILE[0] + "!", STRANGE), risk_accepted_until="2027-01-01",
                        risk_accepted_by=HOSTILE[1], risk_reason=HOSTILE[2]),
    ])  # fmt: skip
    path = tmp_path / "page.html"
    path.write_text(page(graph.store), encoding="utf-8")
    graph.close()
    return path.as_uri()


def said_with_owner(name):
    owner = feeding.to("OWNED_BY", "OrganisationUnit", name)
    return feeding.said("city", "Server", name, BOOKWORM, owner)


def violations(chromium, address, **more):
    """What axe-core finds; it has to run in the page, whose own policy forbids that."""
    context = chromium.new_context(bypass_csp=True, **more)
    opened = context.new_page()
    opened.goto(address)
    found = Axe().run(opened).response["violations"]
    context.close()
    return {item["id"]: [node["html"] for node in item["nodes"]] for item in found}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_no_barrier(chromium, files, language, width):
    assert violations(chromium, files[language], viewport={"width": width, "height": 900}) == {}


def test_barriers_would_be_found(chromium, tmp_path):
    path = tmp_path / "bad.html"
    path.write_text('<html><body><img src="data:,"><p style="color:#ccc;background:#fff">pale</p>', encoding="utf-8")

    assert {"image-alt", "html-has-lang", "color-contrast"} <= set(violations(chromium, path.as_uri()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_asks_nobody_and_has_no_script(chromium, files, language):
    opened, asked, wrong = chromium.new_page(), [], []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("console", lambda message: wrong.append(message.text))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.goto(files[language])
    opened.wait_for_load_state("networkidle")

    assert [url for url in asked if not url.startswith("data:")] == [files[language]]
    assert wrong == []
    assert opened.locator("script").count() == 0
    assert opened.locator("html").get_attribute("lang") == language
    opened.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_numbers_of_the_page_are_the_answers(chromium, files, sample_city, language):
    report, answer = sample_city
    forms = Forms(language)
    opened = chromium.new_page()
    opened.goto(files[language])
    rows = opened.locator("section[aria-labelledby=parts] tbody tr").all_inner_texts()
    opened.close()

    shown = {cells[0]: cells[1:] for cells in (row.split("\t") for row in rows)}
    assert len(shown) == len(report.parts) > 3
    for part, counts in report.parts:
        unsupported, ending, paid, supported, unknown, considered = shown[said(PART[part], language)]
        told = [answer.totals[part, verdict] for verdict in ("unsupported", "ending", "unknown")]
        assert [unsupported, ending, unknown, considered] == [*map(forms.number, (*told, counts.considered))]
        assert (paid, supported) == (forms.number(answer.paid[part]), forms.number(answer.totals[part, "supported"]))


@pytest.mark.parametrize("width", WIDTHS)
def test_hostile_names_are_shown_and_do_nothing(chromium, hostile, width):
    opened = chromium.new_page(viewport={"width": width, "height": 900})
    opened.goto(hostile)

    assert opened.title().startswith("Lebenszyklus der IT")
    assert opened.locator("script, img, main b").count() == 0
    text = opened.locator("body").inner_text()
    assert {name for name in HOSTILE if name not in text} == set()
    wide = opened.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0
    opened.close()


def test_hostile_names_are_no_barrier(chromium, hostile):
    assert violations(chromium, hostile) == {}


@pytest.mark.parametrize("of", ["city", "hostile"])
def test_nothing_is_clipped_in_print(chromium, files, hostile, of):
    opened = chromium.new_page(viewport={"width": 694, "height": 1000})  # A4 less its margins, at 96 dpi
    opened.emulate_media(media="print")
    opened.goto(files["de"] if of == "city" else hostile)

    over = opened.evaluate("""[...document.querySelectorAll('body *')]
        .filter(it => !it.closest('svg') && it.getBoundingClientRect().right > innerWidth + 1)
        .map(it => it.outerHTML.slice(0, 99))""")
    assert over == []
    assert opened.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    opened.close()
