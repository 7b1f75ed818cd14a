"""The page in a real browser: nothing goes wrong in it, its figures are drawn, and its skeletons move."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_up import CLASSES, make_run, make_store

from skelact.report import report

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium on the PATH")


@pytest.fixture(scope="module")
def page_file(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    store = make_store(folder / "store", CLASSES)
    return report([make_run(folder / "one", store), make_run(folder / "two", store)])


@pytest.fixture(scope="module")
def browser() -> Iterator:
    with playwright.sync_playwright() as engine:
        opened = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_page_draws_everything_without_an_error_and_never_scrolls_sideways(browser, page_file, width, scheme):
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith(("file:", "data:", "blob:")) else wrong.append(asked))
    page.goto(page_file.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    for place in range(page.locator("[data-plot]").count()):
        figure = page.locator("[data-plot]").nth(place)
        figure.scroll_into_view_if_needed()
        figure.locator("svg.main-svg").first.wait_for(timeout=10_000)
    assert wrong == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_skeletons_play_pause_turn_and_follow_their_slider(browser, page_file):
    # The page's policy forbids what playwright waits with.
    page = browser.new_page(viewport={"width": 1280, "height": 900}, bypass_csp=True)
    page.goto(page_file.as_uri())
    card = page.locator("[data-clip='0']")
    card.scroll_into_view_if_needed()
    shown = card.locator("output")
    page.wait_for_function("document.querySelector('[data-clip=\"0\"] output').textContent > '2 / 24'")
    page.locator("#play-all").click()
    assert page.locator("#play-all").inner_text() == "Play all"
    card.locator("input").evaluate("(slider) => { slider.value = 6; slider.dispatchEvent(new Event('input')); }")
    page.wait_for_function("document.querySelector('[data-clip=\"0\"] output').textContent === '7 / 24'")
    picture = "document.querySelector('[data-clip=\"0\"] canvas').toDataURL()"
    before = page.evaluate(picture)
    page.wait_for_timeout(150)
    assert shown.inner_text() == "7 / 24"
    assert page.evaluate(picture) == before
    page.locator("[data-side='side']").click()
    page.wait_for_function(f"{picture} !== {before!r}")
    side = page.evaluate(picture)
    box = card.locator("canvas").bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 50)
    page.mouse.up()
    page.wait_for_function(f"{picture} !== {side!r}")
    page.close()
