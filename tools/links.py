"""Check the built book: links lead somewhere, and nothing is loaded from the net."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tools.chapters import ROOT

SITE = ROOT / "book" / "_build" / "html"
LOADS = {
    "script": ["src"],
    "img": ["src", "srcset"],
    "link": ["href"],
    "iframe": ["src"],
    "source": ["src", "srcset"],
    "video": ["src", "poster"],
    "audio": ["src"],
    "object": ["data"],
    "embed": ["src"],
    "use": ["href"],
}
STYLE = re.compile(r"(?:url\(|@import)\s*['\"]?((?:https?:)?//[^'\")\s]+)")


class Page(HTMLParser):
    """What a page offers, what it points to and what it loads."""

    def __init__(self, text: str):
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = STYLE.findall(text)
        self.unnamed: list[str] = []  # pictures without words
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.anchors.update(v for k, v in attrs.items() if k in ("id", "name") and v)
        if tag == "a" and attrs.get("href"):
            self.links.append(attrs["href"])
        if tag == "link" and attrs.get("rel") in ("canonical", "next", "prev"):
            self.links.append(attrs.get("href", ""))
        else:
            found = (attrs.get(name) for name in LOADS.get(tag, ()))
            self.loads += [url for url in found if url]
        if tag == "img" and "alt" not in attrs:
            self.unnamed.append(attrs.get("src", ""))


def problems(site: Path = SITE) -> list[str]:
    """What is wrong with the pages of a site, sorted."""
    files = [p for p in site.rglob("*.html") if "_static" not in p.parts]
    pages = {p.resolve(): Page(p.read_text("utf-8")) for p in files}
    bad = set()
    for path, page in pages.items():
        bad |= {f"{path.name}: a picture without alt text: {u}" for u in page.unnamed}
        bad |= {f"{path.name}: loads {u}" for u in page.loads if urlsplit(u).netloc}
        for url in page.links + page.loads:
            parts = urlsplit(url)
            if parts.scheme or parts.netloc:
                continue
            target = path
            if parts.path:
                target = (path.parent / unquote(parts.path)).resolve()
            anchor = unquote(parts.fragment)
            if not target.exists():
                bad.add(f"{path.name}: no file for {url}")
            elif anchor and target in pages and anchor not in pages[target].anchors:
                bad.add(f"{path.name}: no anchor for {url}")
    for sheet in site.rglob("*.css"):
        found = STYLE.findall(sheet.read_text("utf-8", errors="replace"))
        bad |= {f"{sheet.name}: loads {url}" for url in found}
    return sorted(bad) if pages else [f"{site}: no pages; run make book"]


def main() -> int:
    """Print what is wrong; the exit status says whether anything is."""
    bad = problems()
    print("\n".join(bad) or "all links of the book are good")
    return int(bool(bad))
