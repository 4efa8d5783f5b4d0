"""A headless Chromium whose pages say when they are drawn. Times are the page's own, in ms."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

PROGRAM = "/usr/bin/chromium"

DRAWN = """
window.drawn = (holds) => new Promise((told) => {
  const look = () => {
    if (!holds()) return requestAnimationFrame(look);
    requestAnimationFrame(() => { const { port1, port2 } = new MessageChannel(); port1.onmessage = () => told(performance.now()); port2.postMessage(0); });
  };
  look();
});
"""
"""``drawn(holds)``: the time when the first frame after ``holds()`` is painted. A message comes after the frame."""

HOVER = """
window.hovers = [];
addEventListener("mousemove", (event) => {
  const begun = event.timeStamp;
  requestAnimationFrame(() => { const { port1, port2 } = new MessageChannel(); port1.onmessage = () => window.hovers.push(performance.now() - begun); port2.postMessage(0); });
}, true);
"""


@contextmanager
def chromium() -> Iterator[Any]:
    if not Path(PROGRAM).is_file():
        raise SystemExit(f"{PROGRAM} is not there: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=PROGRAM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


def renderer_megabytes(browser: Any, *, own: bool = False) -> float:
    """Resident memory of the process that draws the page (Linux); its ``own`` alone: what it shares with no other process."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    pages = [Path(f"/proc/{one['id']}/smaps_rollup") for one in processes if one["type"] == "renderer"]
    kinds = ("Private_Clean:", "Private_Dirty:") if own else ("Rss:",)
    return max(
        sum(int(line.split()[1]) for line in page.read_text().splitlines() if line.startswith(kinds)) * 1024 / 1e6
        for page in pages
        if page.is_file()
    )
