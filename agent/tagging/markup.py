"""An XMP packet parsed with the place of every element in its bytes, so that it can be changed without being rewritten.

A serialiser would rename prefixes, drop comments and reorder the text of other programs; `Edit`s insert our properties
and leave every other byte unchanged. Parsing is bounded (depth, elements), knows no DTD and hence no entities.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

DEEPEST = 64
MOST_ELEMENTS = 50_000

# The start tag that begins here; a quoted value may contain `>`. Only used on text that expat found well-formed.
_START_TAG = re.compile(rb"<[^<>\"']*(?:\"[^\"]*\"[^<>\"']*|'[^']*'[^<>\"']*)*>")
_QNAME = re.compile(rb"<([^\s/>]+)")
_DECLARED = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml\b[^>]*?\bencoding\s*=\s*[\"']([^\"']*)[\"']")


class NotOurXml(ValueError):
    """This cannot be read as XMP, or not safely; says why, in words that fit after "because"."""


@dataclass(slots=True)
class Element:
    """An element and its place: `start` of its start tag, `inner` where its content begins, `end` where that ends.

    `name` is "{namespace}local", `qname` the name as written. For an empty element (`<a/>`) the content would be at
    `inner == end`, after the tag. `text` is the text directly inside.
    """

    name: str
    qname: bytes
    attributes: dict[str, str]
    start: int
    inner: int
    empty: bool
    end: int = -1
    text: str = ""
    children: list["Element"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document: its root, and the prefix first declared for each namespace (not the default one)."""

    root: Element
    prefixes: dict[str, str]


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Leave out `drop` bytes at `at` and put `insert` there."""

    at: int
    drop: int
    insert: bytes


def edited(data: bytes, edits: Iterable[Edit]) -> bytes:
    """`data` with all edits made; they must not overlap. Edits at the same place are made in the order given."""
    parts, done = [], 0
    for edit in sorted(edits, key=lambda edit: edit.at):
        if edit.at < done:
            raise ValueError("two edits overlap")
        parts += [data[done : edit.at], edit.insert]
        done = edit.at + edit.drop
    return b"".join([*parts, data[done:]])


def appended(element: Element, content: bytes) -> Edit:
    """The edit that appends `content` to the content of `element`."""
    if not element.empty:
        return Edit(element.end, 0, content)
    return Edit(element.inner - 2, 2, b">" + content + b"</" + element.qname + b">")  # the tag ends in "/>"


def parse(document: bytes) -> Document:
    """A UTF-8 document; NUL bytes after it are ignored, as by other readers. NotOurXml."""
    from defusedxml.ElementTree import DefusedXMLParser, ParseError

    text = document.rstrip(b"\0")
    declared = _DECLARED.match(text)
    if declared and declared[1].lower() not in {b"utf-8", b"utf8", b"us-ascii", b"ascii"}:
        raise NotOurXml("it declares another encoding than UTF-8")
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise NotOurXml("it is not UTF-8") from fault
    builder = _Builder(text)
    parser = DefusedXMLParser(target=builder, encoding="utf-8", forbid_dtd=True)
    builder.position = lambda: parser.parser.CurrentByteIndex
    try:
        parser.feed(text)
        parser.close()
    except NotOurXml:
        raise
    except (ParseError, ValueError, LookupError) as fault:  # defusedxml's own faults are ValueErrors
        raise NotOurXml("it is not well-formed XML, or asks for more than a packet may") from fault
    if builder.root is None:
        raise NotOurXml("it contains no element")
    return Document(builder.root, builder.prefixes)


class _Builder:
    """A parser's target that builds `Element`s. Expat's own order of events keeps `_open` balanced."""

    def __init__(self, data: bytes) -> None:
        self.root: Element | None = None
        self.prefixes: dict[str, str] = {}
        self.position: Callable[[], int] = int  # until there is a parser that knows it
        self._data = data
        self._open: list[Element] = []
        self._text: list[list[str]] = []
        self._count = 0

    def start_ns(self, prefix: str | None, namespace: str | None) -> None:
        if prefix and namespace:
            self.prefixes.setdefault(namespace, prefix)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS or len(self._open) >= DEEPEST:
            raise NotOurXml("it has too many elements, or they are nested too deeply")
        at = self.position()
        tag, qname = _START_TAG.match(self._data, at), _QNAME.match(self._data, at)
        if tag is None or qname is None:
            raise NotOurXml("an element could not be located in it")
        element = Element(name, qname[1], attributes, at, tag.end(), empty=tag[0].endswith(b"/>"))
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)
        self._text.append([])

    def end(self, _name: str) -> None:
        element = self._open.pop()
        element.text = "".join(self._text.pop())
        element.end = element.inner if element.empty else self.position()

    def data(self, text: str) -> None:
        if self._text:
            self._text[-1].append(text)

    def close(self) -> None:
        """Nothing is left to do."""
