"""A real Chromium without a window, and what the page looks like to those who look for barriers."""

import os
import shutil
from contextlib import contextmanager

import pytest
from playwright.sync_api import sync_playwright


@contextmanager
def open_chromium():
    """The browser; where only what is embedded is tested, and there is none, the test is skipped and says so."""
    path = shutil.which("chromium")
    if path is None and os.environ.get("LANDKARTE_EMBEDDED_ONLY") == "1":
        pytest.skip("chromium is not installed")
    assert path, "chromium is not installed; scripts/bring-test-tools brings it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
