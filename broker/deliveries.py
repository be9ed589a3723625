"""What the broker hands to an agency, byte for byte (protocol 4)."""

from schemas.encoding import dump_json

__all__ = ["content_delivery", "manifest_delivery", "receipt_delivery"]


def manifest_delivery(manifest: str, receipt: str) -> bytes:
    """The manifest of a message, with the gate's ``forwarded`` receipt."""
    return dump_json({"v": 1, "kind": "manifest", "manifest": manifest, "receipt": receipt})


def content_delivery(h: str, content: str) -> bytes:
    """The content, after its receipt."""
    return dump_json({"v": 1, "kind": "content", "h": h, "content": content})


def receipt_delivery(receipt: str) -> bytes:
    """A receipt about a message that the agency sent or was to get."""
    return dump_json({"v": 1, "kind": "receipt", "receipt": receipt})
