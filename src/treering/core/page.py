"""Pages that stand alone: one file of HTML with its style in it, no script, no font and no picture from elsewhere.

They are what people send to each other: a model card, the report of a table. Everything that is put into one is escaped
here, and colours follow the reader's choice of light or dark.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["badge", "bar", "element", "histogram", "number", "page", "plural", "section", "table", "text", "tile"]

_TOKENS_LIGHT = (
    "--bg:#FFFFFF;--bg2:#F7F8FA;--bg3:#EEF0F4;--border:#E2E5EA;--text:#14171C;--text2:#474E59;--text3:#626A78;"
    "--accent:#3B5BDB;--accent-bg:#EDF1FF;--ok:#13795B;--warn:#8A5A00;--err:#C22B34;--info:#0B63BF;"
    "--ok-bg:#E6F4EF;--warn-bg:#FDF3E0;--err-bg:#FCEBEC;--info-bg:#E8F2FC;--blue:#2F6FC4;--orange:#D9691E;color-scheme:light"
)
_TOKENS_DARK = (
    "--bg:#0F1217;--bg2:#161A21;--bg3:#1E232C;--border:#2A303B;--text:#E8EBF0;--text2:#B4BCC8;--text3:#8F99A9;"
    "--accent:#8DA2FB;--accent-bg:#1B2340;--ok:#4CC38A;--warn:#E5B454;--err:#FF7B84;--info:#6CB6FF;"
    "--ok-bg:#12291F;--warn-bg:#2C2413;--err-bg:#311A1D;--info-bg:#132537;--blue:#5B9DF0;--orange:#F0924E;color-scheme:dark"
)
_STYLE = (
    ":root{" + _TOKENS_LIGHT + "}@media(prefers-color-scheme:dark){:root{" + _TOKENS_DARK + "}}"
    """
*{box-sizing:border-box}
body{margin:0;background:var(--bg2);color:var(--text);font:14px/1.5 Inter,ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:break-word}
main{max-width:1080px;margin:0 auto;padding:32px 24px 64px}
header{margin-bottom:24px}
h1{font-size:26px;line-height:34px;font-weight:600;margin:0;letter-spacing:-.01em}
h2{font-size:17px;line-height:24px;font-weight:600;margin:0 0 12px}
h3{font-size:14px;line-height:20px;font-weight:600;margin:0}
p{margin:0 0 8px}a{color:var(--accent)}
.kicker{color:var(--text3);font-size:12px;font-weight:500;margin-bottom:4px}
.lead{color:var(--text2);font-size:15px;margin:8px 0 0;max-width:72ch}
.quiet,caption,figcaption{color:var(--text3);font-size:12px}
.mono,code{font:12px/1.5 ui-monospace,"JetBrains Mono",SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
section{background:var(--bg);border:1px solid var(--border);border-radius:10px;padding:20px;margin:0 0 16px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(132px,1fr));gap:12px;margin:0 0 16px}
.tile{background:var(--bg);border:1px solid var(--border);border-radius:10px;padding:12px 14px;min-width:0}
.tile b{display:block;font-size:22px;line-height:30px;font-weight:600;overflow-wrap:anywhere}
.tile span{color:var(--text3);font-size:12px;display:block}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13px}
caption{text-align:left;padding:0 0 8px}
th{font-weight:500;color:var(--text3);font-size:12px;text-align:left;padding:6px 12px 6px 0;border-bottom:1px solid var(--border);vertical-align:bottom}
td{padding:7px 12px 7px 0;border-bottom:1px solid var(--border);vertical-align:top}
tr:last-child td{border-bottom:0}
th.n,td.n{text-align:right}th:last-child,td:last-child{padding-right:0}
dl{display:grid;grid-template-columns:minmax(120px,200px) minmax(0,1fr);gap:8px 16px;margin:0}
dt{color:var(--text3);font-size:13px}dd{margin:0;min-width:0}
.badge{display:inline-block;border-radius:4px;padding:1px 7px;font-size:12px;line-height:18px;font-weight:500;background:var(--bg3);color:var(--text2);white-space:nowrap}
.badge.ok{background:var(--ok-bg);color:var(--ok)}.badge.warn{background:var(--warn-bg);color:var(--warn)}
.badge.err{background:var(--err-bg);color:var(--err)}.badge.info{background:var(--info-bg);color:var(--info)}
ul.plain{list-style:none;margin:0;padding:0}ul.plain li{padding:8px 0;border-top:1px solid var(--border)}
ul.plain li:first-child{border-top:0;padding-top:0}ul.plain li:last-child{padding-bottom:0}
.line{display:grid;grid-template-columns:84px minmax(0,1fr);gap:12px;align-items:start}
.bars{display:grid;grid-template-columns:minmax(72px,auto) minmax(60px,1fr) auto;gap:4px 10px;align-items:center;font-size:12px}
.bars>span:nth-child(3n+1){overflow:hidden;text-overflow:ellipsis;white-space:nowrap;max-width:200px;color:var(--text2)}
.bars>span:nth-child(3n){text-align:right;color:var(--text2)}
.bar{background:var(--bg3);border-radius:3px;height:10px;overflow:hidden}.bar i{display:block;height:100%;background:var(--blue);border-radius:3px}
svg{display:block;max-width:100%}svg text{font:11px ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;fill:var(--text3)}
pre{background:var(--bg2);border:1px solid var(--border);border-radius:6px;padding:12px;overflow-x:auto;margin:0;font:12px/1.6 ui-monospace,"JetBrains Mono",SFMono-Regular,Menlo,Consolas,monospace}
footer{color:var(--text3);font-size:12px;margin-top:24px}
@media(max-width:560px){main{padding:20px 12px 40px}section{padding:16px 14px}dl{grid-template-columns:1fr;gap:2px}dd{margin-bottom:8px}.line{grid-template-columns:1fr;gap:4px}h1{font-size:22px;line-height:28px}}
@media print{body{background:var(--bg)}section,.tile{break-inside:avoid}}
"""
)


def text(value: object) -> str:
    """What is shown, escaped."""
    return escape(str(value))


def element(name: str, inner: str, kind: str = "", **attributes: str) -> str:
    """An element around HTML that is already escaped."""
    given = {"class": kind, **attributes} if kind else attributes
    told = "".join(f' {key.replace("_", "-")}="{escape(value)}"' for key, value in given.items())
    return f"<{name}{told}>{inner}</{name}>"


def page(title: str, body: str, style: str = "") -> str:
    """A whole page.

    Args:
        body: HTML, escaped.
        style: CSS beside the one that all pages have.
    """
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        # Should something slip through that is no text, the browser still runs and fetches nothing.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
        f"<title>{text(title)}</title>\n<style>{_STYLE}{style}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def section(heading: str, inner: str, note: str = "") -> str:
    """A part of the page; `inner` is HTML, the others are texts."""
    told = element("p", text(note), "quiet") if note else ""
    return element("section", element("h2", text(heading)) + told + inner)


def tile(label: str, value: object) -> str:
    """One of the figures on top."""
    return element("div", element("b", text(value)) + element("span", text(label)), "tile")


def badge(word: str, kind: str = "") -> str:
    """A word in a colour: `ok`, `warn`, `err`, `info`, or none."""
    return element("span", text(word), f"badge {kind}".rstrip())


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = (), caption: str = "") -> str:
    """A table; cells are HTML, heads and the caption are texts.

    Args:
        numbers: The columns that are right-aligned.
    """
    right = set(numbers)
    kinds = ["n" if place in right else "" for place in range(len(heads))]
    head = "".join(element("th", text(name), kind, scope="col") for name, kind in zip(heads, kinds, strict=True))
    body = "".join(
        element("tr", "".join(element("td", cell, kind) for cell, kind in zip(row, kinds, strict=True))) for row in rows
    )
    told = element("caption", text(caption)) if caption else ""
    whole = element("table", told + element("thead", element("tr", head)) + element("tbody", body))
    # What can be scrolled can be reached by the keyboard.
    return element("div", whole, "scroll", tabindex="0", role="region", aria_label=caption or ", ".join(heads[:3]))


def bar(share: float) -> str:
    """A bar that is filled so far."""
    return element("span", f'<i style="width:{max(0.0, min(1.0, share)) * 100:.1f}%"></i>', "bar")


def histogram(heights: Sequence[float], low: str, high: str, what: str) -> str:
    """Bars over a range, with its ends below.

    Args:
        what: What people hear who cannot see it.
    """
    width, tall = 320.0, 72.0
    most = max(heights, default=0) or 1
    step = width / max(len(heights), 1)
    bars = "".join(
        f'<rect x="{place * step + 0.5:.2f}" y="{tall - max(height / most * tall, 1.0):.2f}" width="{max(step - 1, 0.5):.2f}"'
        f' height="{max(height / most * tall, 1.0):.2f}" rx="1" fill="var(--blue)"/>'
        for place, height in enumerate(heights)
        if height > 0
    )
    ends = f'<text x="0" y="{tall + 15}">{text(low)}</text><text x="{width}" y="{tall + 15}" text-anchor="end">{text(high)}</text>'
    line = f'<line x1="0" y1="{tall + 0.5}" x2="{width}" y2="{tall + 0.5}" stroke="var(--border)"/>'
    return f'<svg viewBox="0 0 {width:g} {tall + 20:g}" role="img" aria-label="{escape(what)}">{bars}{line}{ends}</svg>'


def number(value: float | None, digits: int = 4) -> str:
    """A number as people read it; a dash where there is none."""
    if value is None or value != value:  # noqa: PLR0124 -- NaN is what differs from itself
        return "\N{EN DASH}"
    if float(value).is_integer() and abs(value) < 1e15:  # noqa: PLR2004 -- beyond it digits are made up
        return f"{int(value):,}"
    if abs(value) >= 10**digits:
        return f"{value:,.0f}" if abs(value) < 1e9 else f"{value:.{digits}g}"  # noqa: PLR2004 -- too long to be read
    return f"{value:.{digits}g}"


def plural(count: int, noun: str) -> str:
    """A count with its noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
