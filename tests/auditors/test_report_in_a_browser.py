"""The report in a headless Chromium: filter, open, follow evidence both ways, hostile text."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.auditors.test_report import HOSTILE, make_pairs, render

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs chromium and chromium-driver on the PATH")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1400,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})  # type: ignore[no-untyped-call]
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


class Page:
    """What a reader does with the report."""

    def __init__(self, driver: Any, path: Path) -> None:
        self.driver = driver
        driver.get(path.as_uri())

    def find(self, selector: str) -> list[Any]:
        return list(self.driver.find_elements("css selector", selector))

    def wait(self, selector: str, count: int = 1) -> list[Any]:
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, 20).until(lambda _: len(self.find(selector)) >= count)
        return self.find(selector)

    def choose(self, name: str, value: str) -> None:
        from selenium.webdriver.support.ui import Select

        Select(self.find(f"#{name}")[0]).select_by_value(value)

    def press(self, keys: str) -> None:
        self.driver.find_element("tag name", "body").send_keys(keys)

    def errors(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Page:
    answer = f"Reviewer 1 gives an 8. {HOSTILE} 😀 It is not sparse."
    pairs = [*make_pairs(answer, title=HOSTILE), *make_pairs("Reviewer 1 doubts that it is surprising.", count=3)[1:]]
    path = tmp_path / "report.html"
    path.write_text(render(pairs), encoding="utf-8")
    return Page(browser, path)


def test_the_list_is_filtered_by_words_severity_and_rule(page: Page) -> None:
    page.find("#show-dialogues")[0].click()
    assert len(page.wait("#list button")) == 3
    page.find("#query")[0].send_keys("test-2")
    assert [button.text.splitlines()[1].split(" ")[0] for button in page.find("#list button")] == ["f1-test-2"]
    page.find("#query")[0].clear()
    page.find("#query")[0].send_keys(" ")
    page.choose("severity", "none")
    assert page.find("#count")[0].text == "2 of 3 dialogues"
    assert len(page.find("#list button")) == 2
    page.choose("severity", "")
    page.find("#show-overview")[0].click()
    page.find('[data-rule="score-contradicted"]')[0].click()
    assert page.find("#count")[0].text == "1 of 3 dialogues"


def test_evidence_is_followed_both_ways(page: Page, tmp_path: Path) -> None:
    page.find("#show-dialogues")[0].click()
    page.wait("#list button")[0].click()
    cited = page.wait("#dialogue mark[data-keys~='e1-0']")
    cited[0].click()
    assert [node.text for node in page.wait("#record .here")] == ["not very surprising"]
    page.find("#record mark[data-keys~='e1-0']")[0].click()
    assert page.wait("#dialogue mark.here")
    assert page.find("#record .here") == []
    assert page.driver.save_screenshot(str(tmp_path / "wide.png"))
    assert page.errors() == []


def test_a_contradiction_is_followed_both_ways(page: Page) -> None:
    page.find("#show-dialogues")[0].click()
    page.wait("#list button")[0].click()
    page.wait(".finding[data-rule='score-contradicted'] button")[0].click()
    here = page.wait("#record .here")
    assert here[0].text.startswith("5")
    here[0].click()
    assert page.wait("#dialogue .finding.here")


def test_hostile_text_shows_as_text(page: Page) -> None:
    page.find("#show-dialogues")[0].click()
    page.wait("#list button")[0].click()
    shown = page.wait("#t-1")[0].text
    assert "<script>alert(1)</script>" in shown
    assert '"><img src=x onerror=alert(2)>' in shown
    assert "U+202E" in shown
    assert "{{ 7 * 7 }}" in shown
    assert page.find("img") == []
    assert page.errors() == []


def test_keys_move_open_and_go_to_the_next_finding(page: Page) -> None:
    from selenium.webdriver.common.keys import Keys

    page.press("j")
    page.press("j")
    assert page.wait("#list [aria-current='true']")[0].get_attribute("data-position") == "1"
    page.press("k")
    page.press(Keys.ENTER)
    page.wait("#t-1")
    page.press("n")
    assert page.wait(".finding.here")
    page.press("/")
    assert page.driver.switch_to.active_element.get_attribute("id") == "query"


def test_a_phone_shows_one_column_and_nothing_is_cut(page: Page, tmp_path: Path) -> None:
    page.driver.set_window_size(420, 900)
    try:
        page.find("#show-dialogues")[0].click()
        page.wait("#list button")[0].click()
        page.wait("#t-1")
        assert page.driver.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
        assert page.driver.save_screenshot(str(tmp_path / "phone.png"))
    finally:
        page.driver.set_window_size(1400, 900)


def test_the_theme_can_be_switched(page: Page) -> None:
    script = "return getComputedStyle(document.body).backgroundColor"
    before = page.driver.execute_script(script)
    page.find("#theme")[0].click()
    assert page.driver.execute_script(script) != before


def test_three_thousand_dialogues_open_without_stalling(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "many.html"
    path.write_text(render(make_pairs("Reviewer 1 doubts that it is surprising.", count=3000)), encoding="utf-8")
    page = Page(browser, path)
    page.find("#show-dialogues")[0].click()
    page.find("#query")[0].send_keys("test-2999")
    buttons = page.wait("#list button")
    assert len(buttons) == 1
    buttons[0].click()
    assert page.wait("#t-2")
    assert page.errors() == []
