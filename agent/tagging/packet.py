"""XMP packets: ours alone, ours merged into another program's, and reading either of them.

Rules of merging (XMP Specification Part 1, 7.4; existing RDF stays as it is):

- lists that are shared by nature (dc:subject, lr:hierarchicalSubject, digiKam:TagsList, Iptc4xmpExt:EventId) get our
  items after those that are there;
- single statements that are there (Iptc4xmpExt:Event, photoshop:TransmissionReference, xmpRights:Owner) stay as they
  are, and ours is left out: our own namespace has it anyway;
- all else of ours goes into an rdf:Description of its own, about the same resource, at the end of the rdf:RDF.
"""

import base64
import binascii
import hashlib
import zlib
from dataclasses import dataclass
from html import escape  # not xml.sax.saxutils, which loads urllib and http

from agent.model.ids import Sha256
from agent.tagging.markup import Document, Edit, Element, NotOurXml, appended, edited, parse
from agent.tagging.tag import FoundTag, Tag, TagKind, fingerprint, read, written

NAMESPACE = "https://visit-photo-agent.example/ns/1.0/"
"""Our own properties' namespace; readers first look for it in a packet's bytes."""

MOST_BEFORE = 16 * 1024 * 1024
"""The most bytes that are stored as, or expanded to, the earlier content."""

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_NAMESPACES = {
    "rdf": _RDF,
    "dc": "http://purl.org/dc/elements/1.1/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "vpa": NAMESPACE,
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
}
_ROOTS = {"{adobe:ns:meta/}xmpmeta", "{adobe:ns:meta/}xapmeta", f"{{{_RDF}}}RDF"}
_LISTS = {f"{{{_RDF}}}{form}" for form in ("Bag", "Seq", "Alt")}
_TOP_OF_TAGS = "School visits"

_OPENING = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_CLOSING = '\n<?xpacket end="w"?>'


@dataclass(frozen=True, slots=True)
class _Property:
    """A property that other programs read too. `form` is its RDF list, or None for a plain text."""

    name: str
    form: str | None
    items: tuple[str, ...]
    shared: bool = False  # whether our items may be added to another program's

    @property
    def prefix(self) -> str:
        return self.name.partition(":")[0]

    @property
    def full_name(self) -> str:
        return f"{{{_NAMESPACES[self.prefix]}}}{self.name.partition(':')[2]}"


def fresh(tag: Tag, kind: TagKind, before: bytes | None) -> bytes:
    """A packet with only our tag."""
    tag = tag.fit_for_xml()
    head = f'{_OPENING}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">'.encode()
    ours = _description("", _spoken_for_all(tag), {name: name for name in _NAMESPACES}, _own(tag, kind, before))
    return head + ours + f"</rdf:RDF></x:xmpmeta>{_CLOSING}".encode()


def merged(packet: bytes, tag: Tag, kind: TagKind, before: bytes) -> bytes:
    """`packet` with our tag added and nothing else changed. NotOurXml if that is impossible."""
    tag = tag.fit_for_xml()
    document, rdf = _opened(packet)
    descriptions = rdf.children
    if NAMESPACE.encode() in packet:
        raise NotOurXml("it carries a tag of this kind already")
    edits: list[Edit] = []
    new: list[_Property] = []
    for ours in _spoken_for_all(tag):
        theirs = [child for block in descriptions for child in block.children if child.name == ours.full_name]
        as_attribute = any(ours.full_name in block.attributes for block in descriptions)
        if not theirs and not as_attribute:
            new.append(ours)
        elif ours.shared and len(theirs) == 1 and not as_attribute:
            edits += _joined(theirs[0], ours)
    about = next((found for block in descriptions if (found := _about(block))), "")
    edits.append(appended(rdf, _description(about, new, _prefixes(document), _own(tag, kind, before))))
    return edited(packet, edits)


def previous_packet(before: bytes) -> bytes:
    """The form in which a packet of ours stores the earlier one, so that one can be found by the other."""
    return base64.b64encode(zlib.compress(before, 9))


def find(packet: bytes) -> FoundTag | None:
    """Our tag in a packet, or None. ValueError if it is there but damaged, or cannot be read."""
    if NAMESPACE.encode() not in packet:
        return None
    _, rdf = _opened(packet)
    brace = f"{{{NAMESPACE}}}"
    properties: dict[str, str] = {}
    for block in rdf.children:
        for child in block.children:
            if child.name.startswith(brace):
                name = child.name.removeprefix(brace)
                if name in properties or child.children:
                    raise ValueError("the tag has a property twice")
                properties[name] = child.text
    if not properties:
        return None
    if properties.get("Version") != "1":
        raise ValueError("the tag was written by another version of this program, or is damaged")
    return FoundTag(read(properties), TagKind(properties.get("TagKind", "")), _before(properties))


def without_padding(packet: bytes) -> bytes:
    """`packet` without the white space that XMP reserves for growth before its closing instruction."""
    at = packet.rfind(b"<?xpacket end=")
    if at < 0:
        return packet
    return packet[:at].rstrip(b" \t\r\n") + b"\n" + packet[at:]


def _opened(packet: bytes) -> tuple[Document, Element]:
    """A packet and its one rdf:RDF, which contains only rdf:Descriptions. NotOurXml if it is anything else."""
    document = parse(packet)
    root = document.root
    found = [element for element in (root, *root.children) if element.name == f"{{{_RDF}}}RDF"]
    if root.name not in _ROOTS or len(found) != 1:
        raise NotOurXml("it is not laid out as XMP")
    if any(child.name != f"{{{_RDF}}}Description" for child in found[0].children):
        raise NotOurXml("it contains other elements than descriptions")
    return document, found[0]


def _prefixes(document: Document) -> dict[str, str]:
    """Our prefixes in the form that another program's packet uses.

    Adobe's toolkit (and exiv2 with it) expects one prefix per namespace and rejects the whole packet if it finds two
    (xapRights and xmpRights, say); and a prefix that means something else in the packet keeps that meaning.
    """
    taken = set(document.prefixes.values())
    return {
        prefix: document.prefixes.get(namespace, f"vpa_{prefix}" if prefix in taken else prefix)
        for prefix, namespace in _NAMESPACES.items()
    }


def _about(block: Element) -> str:
    """The resource that a description is about; early writers left the namespace out."""
    return block.attributes.get(f"{{{_RDF}}}about", block.attributes.get("about", ""))


def _joined(element: Element, ours: _Property) -> list[Edit]:
    """The edit that adds our items to another program's list; none if it is not a list, or has them already."""
    if len(element.children) != 1 or element.children[0].name not in _LISTS:
        return []
    listed = element.children[0]
    there = {item.text.strip() for item in listed.children}
    missing = [item for item in ours.items if item not in there]
    if not missing:
        return []
    prefix, colon, _ = listed.qname.decode().rpartition(":")  # the prefix that rdf has at this place
    name = f"{prefix}{colon}li"
    return [appended(listed, "".join(f"<{name}>{_text(item)}</{name}>" for item in missing).encode())]


def _spoken_for_all(tag: Tag) -> list[_Property]:
    """The properties that other programs show. `|` and `/` separate keyword levels, so a title cannot have them."""
    both = tuple(dict.fromkeys((tag.title, tag.visit)))
    properties = [
        _Property("dc:subject", "Bag", both, shared=True),
        _Property("lr:hierarchicalSubject", "Bag", (f"{_TOP_OF_TAGS}|{tag.title.replace('|', '-')}",), shared=True),
        _Property("digiKam:TagsList", "Seq", (f"{_TOP_OF_TAGS}/{tag.title.replace('/', '-')}",), shared=True),
        _Property("Iptc4xmpExt:Event", "Alt", (tag.title,)),
        _Property("Iptc4xmpExt:EventId", "Bag", (tag.visit,), shared=True),
        _Property("photoshop:TransmissionReference", None, (tag.transfer,)),
    ]
    if tag.owner:
        properties.append(_Property("xmpRights:Owner", "Bag", (tag.owner,)))
    return properties


def _own(tag: Tag, kind: TagKind, before: bytes | None) -> dict[str, str]:
    """The properties in our own namespace, by name."""
    own = {"Version": "1", "TagKind": kind.value, **written(tag)}
    if before is not None:
        own["BeforeSha256"] = hashlib.sha256(before).hexdigest()
        own["BeforeSize"] = str(len(before))
        own["Before"] = previous_packet(before).decode()
    return own


def _description(about: str, properties: list[_Property], prefixes: dict[str, str], own: dict[str, str]) -> bytes:
    """Our rdf:Description. It declares every prefix it uses, whatever is declared around it."""
    rdf, vpa = prefixes["rdf"], prefixes["vpa"]
    used = sorted({"rdf", "vpa", *(ours.prefix for ours in properties)})
    declared = "".join(f' xmlns:{prefixes[prefix]}="{_NAMESPACES[prefix]}"' for prefix in used)
    lines = [f'<{rdf}:Description{declared} {rdf}:about="{_attribute(about)}">']
    for ours in properties:
        name = prefixes[ours.prefix] + ours.name.removeprefix(ours.prefix)
        lines.append(f"<{name}>{_value(ours, rdf)}</{name}>")
    lines += [f"<{vpa}:{name}>{_text(value)}</{vpa}:{name}>" for name, value in own.items()]
    return "\n".join([*lines, f"</{rdf}:Description>"]).encode()


def _value(ours: _Property, rdf: str) -> str:
    """A property's value: a text, or a list of them."""
    if ours.form is None:
        return _text(ours.items[0])
    language = ' xml:lang="x-default"' if ours.form == "Alt" else ""  # one text in a language, not one of several
    items = "".join(f"<{rdf}:li{language}>{_text(item)}</{rdf}:li>" for item in ours.items)
    return f"<{rdf}:{ours.form}>{items}</{rdf}:{ours.form}>"


def _text(value: str) -> str:
    """Escaped for an element's content; `>` too, so that no `]]>` can arise."""
    return escape(value, quote=False)


def _attribute(value: str) -> str:
    """Escaped for an attribute; tabs and line ends too, which a parser would turn into blanks."""
    return escape(value).replace("\t", "&#9;").replace("\n", "&#10;").replace("\r", "&#13;")


def _before(properties: dict[str, str]) -> bytes | None:
    """The earlier content, proven by its own fingerprint. ValueError if it is damaged."""
    if "Before" not in properties:
        if "BeforeSize" in properties or "BeforeSha256" in properties:
            raise ValueError("the tag has lost the earlier content")
        return None
    expected = fingerprint(properties.get("BeforeSha256", ""), properties.get("BeforeSize", ""))
    try:
        expander = zlib.decompressobj()
        before = expander.decompress(base64.b64decode(properties["Before"], validate=True), MOST_BEFORE + 1)
    except (binascii.Error, zlib.error) as fault:
        raise ValueError("the earlier content in the tag is damaged") from fault
    if len(before) != expected.size or Sha256(hashlib.sha256(before).hexdigest()) != expected.sha256:
        raise ValueError("the earlier content in the tag is damaged")
    return before
