"""What people write in Markdown, as HTML that is safe to show."""

import pytest

from app.web.prose import prose
from tests.web.markup import Markup

REL = 'rel="nofollow noopener"'


def html(text: str) -> str:
    return str(prose(text)).strip().removeprefix("<p>").removesuffix("</p>")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("*a* **b** `c`", "<em>a</em> <strong>b</strong> <code>c</code>"),
        ("one\ntwo", "one<br />\ntwo"),
        ("[web](https://a.org/?b=1&c 'It\"s')", f'<a href="https://a.org/?b=1&amp;c" title="It&quot;s" {REL}>web</a>'),
        ("<https://a.org>", f'<a href="https://a.org" {REL}>https://a.org</a>'),
        ("[unit](/models/m/l/3#notes)", f'<a href="/models/m/l/3#notes" {REL}>unit</a>'),
        ("![](https://a.org/b.png)", f'<a href="https://a.org/b.png" {REL}>picture</a>'),
        ("[![seen](/b.png)](/a)", f'<a href="/a" {REL}>seen</a>'),
        ("[x](//evil.org)", "[x](//evil.org)"),
        ("[x](/\\evil.org)", f'<a href="/%5Cevil.org" {REL}>x</a>'),
        ("[x](elsewhere)", "[x](elsewhere)"),
        ("[x](#top)", "[x](#top)"),
        ("[x](mailto:a@b.org)", "[x](mailto:a@b.org)"),
        ("[x](javascript:alert&lpar;1))", "[x](javascript:alert(1))"),
        ("[x](&#106;avascript:alert(1))", "[x](javascript:alert(1))"),
        ("<b onclick=x>bold</b>", "&lt;b onclick=x&gt;bold&lt;/b&gt;"),
    ],
)
def test_what_is_written_is_shown_and_leads_nowhere_bad(text: str, wanted: str) -> None:
    assert html(text) == wanted


def test_a_reference_that_leads_nowhere_stays_as_it_was_written() -> None:
    assert Markup(html("[x]\n\n[x]: javascript:alert(1)")).text.split() == ["[x]", "[x]:", "javascript:alert(1)"]


def test_headings_stand_below_those_of_the_page_and_have_no_ids() -> None:
    assert Markup(str(prose("# a\n\n## b\n\n###### c"))).tags == [("h3", {}), ("h4", {}), ("h6", {})]
    assert Markup(str(prose("# a", 1))).tags == [("h2", {})]


def test_tables_and_code_have_no_style_and_no_class_of_their_own() -> None:
    page = Markup(str(prose("|a|b|\n|-|-:|\n|1|2|\n\n```x onload=y\ncode\n```")))
    assert not [each for _, each in page.tags if "style" in each or "onload" in str(each)]
    assert page.all("td")[1] == {"class": "num"} and page.one("code") == {}
