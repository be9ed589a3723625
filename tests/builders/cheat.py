"""A sender that signs what it likes: the parts of an envelope, each to be bent alone."""

import hashlib
import hmac

from schemas.commitment import disclosure, salt_key, sha256_text
from schemas.content import digests_of
from schemas.encoding import b64u, dump_json
from schemas.envelope import (
    CONTENT_TYP,
    MANIFEST_TYP,
    Envelope,
    Verified,
    dump_envelope,
    read_envelope,
    verify,
)
from schemas.jwe import seal_jwe
from schemas.jws import sign_jws
from schemas.sealing import arbiter, open_content
from tests.builders.messages import FIELDS, agency, claims, seed

PANEL, SCHOOL = agency("northshire-panel"), agency("oakfield-school")
CEK, IV = seed("cek"), bytes(12)


class Cheat:
    """A sender that signs what it likes: the parts of an envelope, each to be bent alone."""

    def __init__(self, **changes):
        self.cek = changes.get("cek", CEK)
        key = salt_key(self.cek)
        self.lines = [disclosure(key, name, value) for name, value in FIELDS.items()]
        self.digests = digests_of(self.cek, FIELDS)
        self.committed = self.cek
        self.body = None
        self.padded = None
        self.context = None

    def message(self):
        """Sign and seal it."""
        hidden = {name: [{"...": digest}] for name, digest in self.digests.items()}
        payload = dump_json({**claims(), "_sd_alg": "sha-256", "f": hidden})
        context = b"dovetail/1\x00" + hashlib.sha256(self.context or payload).digest()
        body = self.body or b"".join(line + b"\n" for line in self.lines)
        content = seal_jwe(
            (("typ", CONTENT_TYP), ("ctx", sha256_text(payload))),
            body,
            [SCHOOL.opening.public],
            context=context,
            cek=self.cek,
            iv=IV,
        )
        kc = b64u(hmac.digest(self.committed, b"dovetail/1 key-commit", "sha256"))
        keys = (PANEL.signer.ed25519, PANEL.signer.ml_dsa_65)
        extra = (("ch", sha256_text(content.encode())), ("kc", kc))
        found = read_envelope(dump_envelope(sign_jws(payload, MANIFEST_TYP, keys, extra), content))
        assert isinstance(found, Envelope)
        return found


def believed(found):
    """The envelope with its signatures verified."""
    value = verify(found.signed, *PANEL.public)
    assert isinstance(value, Verified)
    return value


def opened(found):
    """Open as the school does."""
    return open_content(believed(found), found.content, SCHOOL.opening)


def finding(found, cek=CEK):
    """Ask the arbiter."""
    return arbiter(found.signed.text, found.content.text, cek, *PANEL.public)
