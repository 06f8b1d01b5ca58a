"""A real Chromium, offline, for the tests of pages; skipped with a reason where there is none."""

from __future__ import annotations

import json
import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--autoplay-policy=no-user-gesture-required",
]


def wait(tab, condition):
    """Wait until a JavaScript expression is true; the page's policy stops Playwright's own way."""
    late = json.dumps(f"not in 20 s: {condition}")
    tab.evaluate(f"""() => new Promise((done, fail) => {{
      const late = setTimeout(() => fail(new Error({late})), 20000);
      const look = () => {{ if ({condition}) {{ clearTimeout(late); done(); }}
                           else requestAnimationFrame(look); }};
      look(); }})""")


@pytest.fixture(scope="module")
def browser():
    """A real Chromium, or a skip that says what is missing."""
    library = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = os.environ.get("JUKEBOX_EDU_CHROMIUM") or next(
        filter(None, map(shutil.which, NAMES)), None
    )
    if not found:
        pytest.skip(f"no browser found: none of {', '.join(NAMES)} is installed")
    with library.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser):
    """Open a file with the network cut; on leaving, no error and no request may have happened."""
    complaints, contexts = [], []

    def go(path, **options):
        context = browser.new_context(
            offline=True, viewport={"width": 1000, "height": 900}, **options
        )
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("dialog", lambda dialog: complaints.append(dialog.message))
        tab.on(
            "request",
            lambda request: (
                complaints.append(request.url)
                if not request.url.startswith(("file:", "data:"))
                else None
            ),
        )
        tab.goto(path.as_uri())
        if options.get("java_script_enabled", True):
            wait(tab, "[...document.querySelectorAll('audio')].every((a) => a.readyState > 3)")
        return tab

    yield go
    for context in contexts:
        context.close()
    assert complaints == []
