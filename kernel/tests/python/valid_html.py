"""Whether HTML files are valid: no parse error, no id twice, no blank in an address, no link within the page to nowhere."""

import sys
from collections import Counter
from pathlib import Path

import html5lib


def problems(path):
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    page = parser.parse(path.read_text(encoding="utf-8"))
    for (line, column), code, about in parser.errors:
        yield f"{line}:{column}: {html5lib.constants.E[code] % about}"
    ids = Counter(element.get("id") for element in page.iter() if element.get("id") is not None)
    for name, times in ids.items():
        if times > 1:
            yield f"the id {name!r} is there {times} times"
    for image in page.iter("img"):
        if any(c.isspace() for c in image.get("src", "")):
            yield "the address of an image holds a blank"
    for link in page.iter("a"):
        target = link.get("href", "")
        if target.startswith("#") and target[1:] not in ids:
            yield f"a link leads to {target!r}, which is not there"


if __name__ == "__main__":
    found = [f"{name}:{problem}" for name in sys.argv[1:] for problem in problems(Path(name))]
    sys.exit("\n".join(found) or None)
