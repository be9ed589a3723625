"""Runs with the packages of requirements/as4.txt, in a process of its own, and imports nothing of ours.

First line in: the payload, base64. First line out: sizes. Then a number in, and what so many evidenced
exchanges took out. One exchange is what as4's README shows, both sides in this process: build (gzip,
encrypt, sign) → receive (verify, decrypt, unzip) → signed receipt of non-repudiation → verify that,
and the digests in it, at the sender.
"""

import base64
import datetime as dt
import gc
import json
import sys
import time
from xml.sax.saxutils import escape

from as4 import AS4LocalPrivateKey, SecurityPolicy, pinned_certificates
from as4.peppol import (
    build_peppol_message,
    create_peppol_external_party,
    create_peppol_internal_party,
    parse_peppol_message,
    parse_peppol_receipt,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

RSA_BITS = 2048


class Parties:
    """Two access points that pin each other's certificate."""

    def __init__(self, payload):
        self.payload = f"<Payload>{escape(payload.decode())}</Payload>".encode()
        own, own_key = _certificate("PTE000001")
        other, other_key = _certificate("PTE000002")
        self.own = create_peppol_internal_party("PTE000001", own, AS4LocalPrivateKey(own_key))
        self.other = create_peppol_internal_party("PTE000002", other, AS4LocalPrivateKey(other_key))
        self.remote = create_peppol_external_party("PTE000002", other)
        self.policy = SecurityPolicy(signer_resolver=pinned_certificates(own))

    def exchange(self):
        """One exchange; the sizes on the wire."""
        message = build_peppol_message(
            payload=self.payload,
            local_party=self.own,
            remote_party=self.remote,
            sender="9932:9999999999",
            recipient="9932:1111111111",
            sender_country_id="GB",
            document_type_identifier_scheme="busdox-docid-qns",
            document_type_identifier_value="urn:example:request::Request##1.0::1.0",
            process_identifier="urn:example:process:1.0",
        )
        body, boundary = message.get_request_data()
        received = parse_peppol_message(
            message.get_http_headers(boundary), body, self.other, security_policy=self.policy
        )
        _, signal = received.build_signal()
        if not received.successful:
            raise SystemExit(f"as4 did not take its own message: {received.error}")
        receipt = parse_peppol_receipt(signal, self.remote.credentials.certificate)
        receipt.verify_non_repudiation(message.signed_references)
        return len(body), len(signal)


def _certificate(name):
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    return made, key


def main():
    """Serve the parent until it closes our standard input."""
    parties = Parties(base64.b64decode(sys.stdin.readline()))
    message, receipt = parties.exchange()
    print(json.dumps({"message": message, "receipt": receipt}), flush=True)
    for line in sys.stdin:
        count = int(line)
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(count):
            parties.exchange()
        took = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
        print(json.dumps(took), flush=True)


if __name__ == "__main__":
    main()
