"""What axe-core and a ruler find on a page."""

import json

from playwright.sync_api import BrowserContext, Page

from local.programs import ROOT

SCRIPT = ROOT / "node_modules" / "axe-core" / "axe.min.js"
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RULES = {"runOnly": {"type": "tag", "values": LEVELS}, "rules": {"target-size": {"enabled": True}}}
THUMB = 44


def teach(context: BrowserContext) -> None:
    """Every page of this browser can be checked."""
    context.add_init_script(path=SCRIPT)


def violations(page: Page) -> list[str]:
    found = page.evaluate(f"axe.run(document, {json.dumps(RULES)})")["violations"]
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    ]


def small_targets(page: Page) -> list[str]:
    """Controls that a thumb would miss; links inside sentences excepted, as WCAG does."""
    found: list[str] = page.evaluate(
        """least => [...document.querySelectorAll("a, button, summary, select, input, textarea")]
          .filter(one => one.checkVisibility({visibilityProperty: true}) && !one.classList.contains("skip"))
          .map(one => [one.closest("label") ?? one, one.getBoundingClientRect()])
          .map(([one, box]) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
          .filter(([, box]) => Math.min(box.width, box.height) < least - 0.5)
          .map(([text, box]) => `${text} ${box.width}x${box.height}`)""",
        THUMB,
    )
    return found


def check(page: Page) -> None:
    """No violation of WCAG 2.2 A and AA, nothing too small for a thumb, no scrolling sideways."""
    violated, small = violations(page), small_targets(page)
    assert violated == [], violated
    assert small == [], small
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"
