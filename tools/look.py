"""Photograph pages of the built book, and measure what a reader would trip over.

    python -m tools.look FOLDER [page ...]

Pages: index, chapters/05_graph, ...; all when none is named. Each is taken at 1280
pixels, light and dark, and at 390. Printed: scripts that fail, files that are missing,
pages wider than the screen, text with too little contrast (WCAG AA).
Needs `pip install playwright` and a Chromium on the path; nothing else does.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tools.links import SITE
from tools.pdf import browser

PART = 2400  # height of a picture; long pages make several
SCREENS = [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)]
CONTRAST = """() => {
  const parse = c => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const lum = c => c.slice(0, 3).map(v => v / 255).map(v =>
    v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = e => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0.99) return c;
    }
    return [255, 255, 255];
  };
  const bad = {};
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; n = walk.nextNode();) {
    const e = n.parentElement, s = getComputedStyle(e);
    if (!n.data.trim() || !e.checkVisibility({visibilityProperty: true})) continue;
    if (e.closest("svg, mjx-container, script, style")) continue;
    const a = lum(parse(s.color)) + 0.05, b = lum(ground(e)) + 0.05;
    const ratio = Math.max(a, b) / Math.min(a, b), size = parseFloat(s.fontSize);
    const large = size >= 24 || (size >= 18.6 && s.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5))
      bad[`${e.tagName}.${e.className} ${s.color}`] =
        `${ratio.toFixed(2)} "${n.data.trim().slice(0, 30)}"`;
  }
  return Object.entries(bad).map(([k, v]) => `contrast ${v} ${k}`);
}"""
WIDTH = """() => {
  const wide = document.documentElement.scrollWidth, screen = innerWidth;
  return wide > screen ? [`${wide} pixels wide on a screen of ${screen}`] : [];
}"""


def look(tab, name: str, theme: str, width: int, folder: Path) -> list[str]:
    """Take its pictures; return what is wrong with the page."""
    found: list[str] = []
    tab.on("pageerror", lambda e: found.append(f"script: {str(e).splitlines()[0]}"))
    tab.on("requestfailed", lambda r: found.append(f"missing: {r.url}"))
    tab.goto((SITE / f"{name}.html").as_uri())
    tab.wait_for_timeout(600)
    found += tab.evaluate(CONTRAST) + tab.evaluate(WIDTH)
    tall = tab.evaluate("document.documentElement.scrollHeight")
    for part, top in enumerate(range(0, tall, PART)):
        clip = {"x": 0, "y": top, "width": width, "height": min(PART, tall - top)}
        target = folder / f"{name.replace('/', '_')}-{theme}-{width}-{part}.png"
        tab.screenshot(path=target, full_page=True, clip=clip)
    return found


def main(argv: list[str]) -> int:
    """Take the pictures."""
    folder = Path(argv[0])
    folder.mkdir(parents=True, exist_ok=True)
    pages = sorted(
        p.relative_to(SITE).with_suffix("").as_posix()
        for p in SITE.rglob("*.html")
        if p.relative_to(SITE).parts[0] not in ("_static", "_modules")
    )
    with sync_playwright() as play:
        chromium = play.chromium.launch(
            executable_path=browser(), args=["--no-sandbox"]
        )
        for theme, width in SCREENS:
            context = chromium.new_context(viewport={"width": width, "height": 850})
            context.add_init_script(
                f"localStorage.setItem('mode', '{theme}');"
                f"localStorage.setItem('theme', '{theme}');"
            )
            for name in argv[1:] or pages:
                tab = context.new_page()
                for problem in look(tab, name, theme, width, folder):
                    print(f"{name} ({theme}, {width}): {problem}")
                tab.close()
            context.close()
        chromium.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
