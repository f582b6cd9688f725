"""Three hundred texts that want to be markup, each with a trap that would tell.

Every kind of place a text can land in is broken out of: an element's inside, an attribute
with and without quotes, a script, a comment, elements that swallow text, an address. The
first hundred hold one of each kind; the suite tries those, `./pool quality xss` all.
"""

from itertools import product

TRAP = "trap()"
ELEMENTS = (
    f"<script>{TRAP}</script>",
    f"<img src=x onerror={TRAP}>",
    f"<svg onload={TRAP}>",
    f"<svg/onload={TRAP}>",
    f"<body onload={TRAP}>",
    f"<iframe srcdoc='<script>parent.{TRAP}</script>'>",
    f"<iframe src=javascript:parent.{TRAP}>",
    f"<input autofocus onfocus={TRAP}>",
    f"<select autofocus onfocus={TRAP}>",
    f"<textarea autofocus onfocus={TRAP}>",
    f"<details open ontoggle={TRAP}>",
    f"<video><source onerror={TRAP}></video>",
    f"<audio src=x onerror={TRAP}>",
    f"<object data=javascript:{TRAP}>",
    f"<embed src=javascript:{TRAP}>",
    f"<marquee onstart={TRAP}>",
    f"<style onload={TRAP}></style>",
    f"<link rel=stylesheet href=x onerror={TRAP}>",
    f"<svg><animate onbegin={TRAP} attributeName=x dur=1s>",
    f"<svg><set onbegin={TRAP} attributename=x></svg>",
    f"<div style=animation-name:x onanimationstart={TRAP}>",
    f"<a href=javascript:{TRAP} autofocus onfocus={TRAP}>x</a>",
    f"<form action=javascript:{TRAP}><button autofocus onfocus={TRAP}>x</form>",
    f"<ScRiPt>{TRAP}</sCrIpT>",
    "<img src=x:x onerror=&#116;rap()>",
    f"<p hidden=until-found onbeforematch={TRAP}>x</p>",
)
BREAKS = (
    *("", '">', "'>", "</script>", "</title>", "</textarea>", "</style>", "-->", "]]>"),
    "</option></select>",
)
ATTRIBUTES = tuple(
    f"x{quote} {event}={quote}{TRAP}{quote if quote else ' '} autofocus tabindex=1 x={quote}"
    for quote, event in product(('"', "'", ""), ("onfocus", "onmouseover", "onpointerenter"))
)
ADDRESSES = (
    f"javascript:{TRAP}",
    f"JaVaScRiPt:{TRAP}",
    f"javascript://x%0a{TRAP}",
    f"&#106;avascript:{TRAP}",
    f"java&Tab;script:{TRAP}",
    f"data:text/html,<script>parent.{TRAP}</script>",
    f"vbscript:{TRAP}",
    "//trap.invalid/x",
    f"[x](javascript:{TRAP})",
    f"[x](<javascript:{TRAP}>)",
    f"[x]( javascript&#58;{TRAP})",
    f"<javascript:{TRAP}>",
    f"![x](x' onerror='{TRAP})",
    f"[x](/y 'z\" onmouseover=\"{TRAP}')",
)
ODD = (
    f"';{TRAP}//",
    f'";{TRAP}//',
    f"\\';{TRAP}//",
    f"</script><script>{TRAP}//",
    f"<!--<script>{TRAP}//-->",
    f'<noscript><p title="</noscript><img src=x onerror={TRAP}>">',
    f'<svg></p><style><a id="</style><img src=x onerror={TRAP}>">',
    f"<math><mtext><table><mglyph><style><img src=x onerror={TRAP}></style>",
    f"<form><math><mtext></form><form><mglyph><style></math><img src=x onerror={TRAP}>",
    f"<template><script>{TRAP}</script></template>",
    "<base href=//trap.invalid/>",
    f"<meta http-equiv=refresh content=0;url=javascript:{TRAP}>",
    f"{{{{constructor.constructor('{TRAP}')()}}}}",
    f"${{{TRAP}}}",
    f"{{% {TRAP} %}}",
    f"&lt;script&gt;{TRAP}&lt;/script&gt;",
    f"&#60;img src=x onerror={TRAP}&#62;",
    f"%3Cscript%3E{TRAP}%3C/script%3E",
    f"\\u003cscript\\u003e{TRAP}\\u003c/script\\u003e",
    f"<<script>{TRAP}//<</script>",
    f"<script/x>{TRAP}</script/x>",
    f"<img/src='x'/onerror={TRAP}/>",
    f"<img src=`x` onerror={TRAP}>",
    f"<svg><script href=data:,{TRAP}></script></svg>",
    f"<svg><use href=data:image/svg+xml,<svg/onload={TRAP}>></svg>",
    f"<button popovertarget=menu onclick={TRAP} autofocus onfocus={TRAP}>x</button>",
    f"jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */oNcliCk={TRAP} )//%0D%0A//</stYle/</titLe/"
    f"</teXtarEa/</scRipt/--!>\\x3csVg/<sVg/oNloAd={TRAP}//>\\x3e",
    f"＜script＞{TRAP}＜/script＞",
    f"\u202e<script>{TRAP}</script>",
    f"<script\u2028>{TRAP}</script>",
)
COUNT = 300


def _every() -> list[str]:
    plain = [*ELEMENTS, *ODD, *ADDRESSES, *ATTRIBUTES]
    # Each break once, each with another element, before all of them with all.
    some = [BREAKS[at % len(BREAKS)] + each for at, each in enumerate(ELEMENTS)]
    rest = [before + each for before, each in product(BREAKS, ELEMENTS)]
    return list(dict.fromkeys([*plain, *some, *rest]))[:COUNT]


PAYLOADS = tuple(_every())
