"""Neo4j Browser in a real Chromium, used as an architect does: files are dropped into it, favourites are run."""

import base64
from typing import NamedTuple

SECONDS = 60_000
"""How long a condition may take, in milliseconds."""
_FILE = """([name, data]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(data), (char) => char.charCodeAt(0))], name));
    return transfer;
}"""
_CONNECTS_TO = "address => document.querySelector('[data-testid=boltaddress]')?.value === address"
_DRAWN = """command => {
    const frame = document.querySelector('[data-testid=frame]');
    if (!frame?.querySelector('[data-testid=frameCommand]')?.textContent.includes(command)) return false;
    const told = /Displaying (\\d+) nodes/.exec(frame.textContent);
    return told !== null && frame.querySelectorAll('g.node').length === Number(told[1]);
}"""
_NODES = """nodes => nodes.map(node => [
    node.getAttribute('aria-label').replace('graph-node', ''),
    [...node.querySelectorAll('text.caption')].map(line => line.textContent).join(''),
    node.querySelector('circle.b-outline').getAttribute('fill'),
])"""


class DrawnNode(NamedTuple):
    """`caption` is without blanks, and ends with an ellipsis where the circle was too small."""

    caption: str
    colour: str


class BrowserPage:
    """Connected when it is made. Nothing but this computer is asked for anything."""

    def __init__(self, chromium, server):
        self._page = chromium.new_page(viewport={"width": 1600, "height": 1100})
        self._page.set_default_timeout(SECONDS)
        self._page.route("**/*", self._only_here)
        self._page.goto(f"{server.http}/browser/?dbms={server.uri}")
        # the form shows an address of its own until it has read the one in the link
        self._page.wait_for_function(_CONNECTS_TO, arg=server.uri.removeprefix("bolt://"))
        self._page.select_option("[data-testid=authenticationMethod]", "NO_AUTH")
        self._page.click("[data-testid=connect]")
        self._page.wait_for_selector("text=You have a working connection")

    @staticmethod
    def _only_here(route):
        here = route.request.url.startswith(("http://127.0.0.1:", "data:", "blob:"))
        route.continue_() if here else route.abort()

    def drop(self, path):
        """Let go of a file over the page."""
        content = base64.b64encode(path.read_bytes()).decode()
        transfer = self._page.evaluate_handle(_FILE, [path.name, content])
        self._page.dispatch_event(".filedrop", "drop", {"dataTransfer": transfer})

    def style(self, last):
        """The style as Browser shows it after a style file was dropped, when it shows this selector."""
        shown = self._page.locator("[data-testid=frame] pre", has_text=last).first
        shown.wait_for()
        return shown.text_content()

    def only_read(self):
        """Tick the setting that has Browser ask for reading only."""
        self._page.click("[data-testid=navigationSettings]")
        self._page.check("[data-testid=setting-useReadTransactions]")

    def refused(self, cypher):
        """What Browser shows of a statement that was refused."""
        self._page.click("[data-testid=activeEditor]")
        self._page.keyboard.insert_text(cypher)
        self._page.click("[data-testid=editor-Run]")
        shown = self._page.locator("[data-testid=frame]", has_text=cypher).locator("[data-testid=frameContents] pre")
        shown.first.wait_for()
        return shown.first.text_content()

    def open_favourites(self, folder):
        self._page.click("[data-testid=navigationFavorites]")
        self._page.click(f"[data-testid='expandFolder-{folder}']")

    def favourites(self):
        return self._page.locator("[data-testid^=scriptTitle-]").all_text_contents()

    def run(self, favourite):
        """Run it, and return when as many nodes are drawn as Browser says it displays."""
        entry = self._page.locator("[data-testid=savedScriptListItem]", has_text=favourite)
        entry.locator("[data-testid=savedScriptsButton-Run]").click()
        self._page.wait_for_function(_DRAWN, arg=favourite)

    def nodes(self):
        """What the latest picture shows, by the id that Neo4j has for it."""
        found = self._latest.locator("g.node").evaluate_all(_NODES)
        return {int(node): DrawnNode("".join(caption.split()), colour) for node, caption, colour in found}

    def arrows(self):
        """The colours of the latest picture's relationships."""
        return set(
            self._latest.locator("g.relationship path.b-outline").evaluate_all(
                "paths => paths.map(path => path.getAttribute('fill'))"
            )
        )

    @property
    def _latest(self):
        return self._page.locator("[data-testid=frame]").first
