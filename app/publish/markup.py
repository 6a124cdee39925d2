"""A page of the server made a page of a copy: relative links, and nothing that only a server could answer."""

from posixpath import relpath
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from app.publish.places import INDEX, Places

POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src 'self' file:; "
    "base-uri 'none'; form-action 'none'"
)
"""As the server's. `file:` is for copies that are opened from a disk, where browsers differ on what 'self' is."""

CURTAIN = '<label class="check"><input type="checkbox" id="reveal"> Show them on this page</label>'
"""In the place of the form that has a server remember it: app.css looks at the box."""

_SERVER_ONLY = "form, noscript, [data-server], meta[property='og:url'], meta[property^='og:image']"
_NOWHERE = ("nav li:has(> a:not([href]))", "nav a:not([href])", ".links a:not([href])")
_EMPTY = (".links:not(:has(a[href]))", "nav:not(.crumbs):not(:has(a[href]))")
_OF_A_LINK = ("href", "rel", "download", "aria-label", "aria-current")


def rewritten(html: str, at: str, places: Places) -> tuple[str, dict[str, str]]:
    """The page as it is in the copy, as the file `at`; and the files that it names, each with the server's address."""
    tree = LexborHTMLParser(html)
    for form in tree.css("form[action='/reveal']"):
        form.replace_with(_node(CURTAIN))
    _remove(tree, _SERVER_ONLY)
    needed = _relative(tree, at, places)
    for each in (*_NOWHERE, *_EMPTY):
        _remove(tree, each)
    _say_that_it_is_a_copy(tree, at)
    return tree.html or "", needed


def _remove(tree: LexborHTMLParser, selector: str) -> None:
    """One at a time: what is inside another is gone with it."""
    while node := tree.css_first(selector):
        node.decompose()


def _relative(tree: LexborHTMLParser, at: str, places: Places) -> dict[str, str]:
    needed: dict[str, str] = {}
    anchors = {f"#{node.attributes['id']}" for node in tree.css("[id]")}

    def to_copy(node: LexborNode, attribute: str) -> bool:
        """Whether an address is one of the copy now; one of another site stays as it is."""
        address = node.attributes[attribute] or ""
        if not address.startswith("/"):
            return not address.startswith("#") or unquote(address) in anchors
        by_people = "nofollow" in (node.attributes.get("rel") or "")  # who may name a file that was never there
        link = None if by_people and not places.is_page(address) else places.link(address, at)
        if link is None:
            return False
        node.attrs[attribute] = link
        needed[str(places.file(address))] = address
        return True

    for node in tree.css("[src]"):
        if not to_copy(node, "src"):
            raise ValueError(f"{at} needs {node.attributes['src']}, which no copy has")
    for node in tree.css("[href]"):
        if not to_copy(node, "href"):
            _without_link(node)
    for node in tree.css("[hx-get], [hx-trigger], [hx-ext]"):
        for name in [each for each in node.attributes if each.startswith(("hx-", "sse-"))]:
            del node.attrs[name]
    return needed


def _without_link(node: LexborNode) -> None:
    """Leave the text of a link that leads to what is not in the copy; a picture leads to itself."""
    if node.tag == "link":
        node.decompose()
        return
    for name in _OF_A_LINK:
        if name in node.attributes:
            del node.attrs[name]
    picture = node.css_first("img[src]")
    if picture and _is(node, "shot") and not _is_curtained(node):
        node.attrs["href"] = picture.attributes["src"]


def _is(node: LexborNode, name: str) -> bool:
    return name in (node.attributes.get("class") or "").split()


def _is_curtained(node: LexborNode | None) -> bool:
    """Whether it is in a part of the page whose pictures start blurred: a click must not go around that."""
    while node is not None:
        if _is(node, "sensitive"):
            return True
        node = node.parent
    return False


def _say_that_it_is_a_copy(tree: LexborHTMLParser, at: str) -> None:
    if tree.head is None or tree.head.child is None:
        raise ValueError(f"{at} has no head")
    tree.head.child.insert_before(_node(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'))
    if at != INDEX and (footer := tree.css_first("footer.site")):
        home = relpath(INDEX, at.rpartition("/")[0] or ".")
        footer.insert_child(_node(f'<p><a href="{home}">A copy: what it is and how to cite it</a></p>'))


def _node(html: str) -> LexborNode:
    tree = LexborHTMLParser(html)
    found = (tree.body and tree.body.child) or (tree.head and tree.head.child)
    assert found is not None
    return found
