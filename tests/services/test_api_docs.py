"""The page /docs in a real browser: it shows the API, and calls nobody but the server it came from."""

import re
from urllib.parse import urljoin

import httpx
import pytest

from tests.services.browser import open_chromium
from tests.services.serving import Served

SOURCES = re.compile(r"""(?:src|href)=["']([^"']+)""")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    found = Served(tmp_path_factory.mktemp("docs"))
    yield found.start()
    found.stop()


@pytest.fixture
def chromium():
    with open_chromium() as browser:
        yield browser


def test_all_that_the_page_names_comes_from_this_server(served):
    page = httpx.get(f"{served.url}/docs")

    named = [urljoin(str(page.url), address) for address in SOURCES.findall(page.text)]
    assert len(named) == 3  # style, script, icon
    assert {address for address in named if not address.startswith(f"{served.url}/docs/")} == set()
    assert {address for address in named if httpx.get(address).status_code != 200} == set()


def test_a_browser_shows_the_questions_and_asks_nobody_else(served, chromium):
    page, asked, wrong = chromium.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{served.url}/docs")
    page.get_by_text("/api/v1/assets", exact=True).first.click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    page.locator(".live-responses-table .response-col_status", has_text="200").wait_for()

    assert wrong == []
    assert {url for url in asked if not url.startswith((f"{served.url}/", "data:"))} == set()
    assert f"{served.url}/docs/static/swagger-ui-bundle.js" in asked
