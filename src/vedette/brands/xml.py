"""Reading XML that strangers send: no document types, so no growing entities and nothing that is fetched."""

from xml.etree.ElementTree import Element, ParseError  # only the types: parsing is defusedxml's

from defusedxml import DefusedXmlException, ElementTree


def read_xml(data: bytes) -> Element | None:
    """The root element; None for what is no XML, or has a document type."""
    try:
        root: Element = ElementTree.fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):  # LookupError: an unknown encoding
        return None
    return root
