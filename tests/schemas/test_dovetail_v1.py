"""The published example verifies and opens, from its own seeds and nothing else."""

import hashlib
import hmac
import json
from functools import cache
from pathlib import Path

import pytest

from schemas.checkpoint import SignedCheckpoint, verify_checkpoint, verify_proof
from schemas.commitment import sha256_text
from schemas.directory_entry import DirectoryEntry, dump_entry, parse_entry
from schemas.encoding import b64u, dump_json, parse_b64u
from schemas.envelope import Envelope, check_content, read_envelope, verify
from schemas.feed import FeedMessage, check_follows, open_feed
from schemas.jwe import pad
from schemas.key_file import open_seed
from schemas.keys import LogSigner, MessageSigner, OpeningKey, SigningKey
from schemas.messages.body import read_fields
from schemas.messages.registry import REGISTRY
from schemas.receipt import Receipt, SignedReceipt, check_ack, read_receipt, verify_receipt
from schemas.record import Record, open_record
from schemas.sealing import Opened, arbiter, content_key, open_content
from schemas.tree import Tree, leaf_hash, verify_consistency
from tests.vectors import make_dovetail_v1


@cache
def example():
    """The example as published."""
    path = Path(make_dovetail_v1.__file__).with_name("dovetail-v1.json")
    return json.loads(path.read_text(encoding="utf-8"))


def seed_of(agency, use):
    """A seed of the example."""
    return bytes.fromhex(example()["agencies"][agency]["seeds"][use])


PARTIES = {
    "request": ("northshire-panel", "oakfield-school"),
    "response": ("oakfield-school", "northshire-panel"),
}


def read(name):
    """An envelope of the example, verified with its sender's keys."""
    found = read_envelope(example()[name]["envelope"].encode())
    assert isinstance(found, Envelope)
    sender, _ = PARTIES[name]
    signer = MessageSigner.from_seeds(seed_of(sender, "Ed25519"), seed_of(sender, "ML-DSA-65"))
    return found, verify(found.signed, *signer.public), signer


@pytest.mark.parametrize("name", PARTIES)
def test_the_message_verifies_and_opens(name):
    """Both signatures hold, the content opens, and every value on the way is as published."""
    value = example()[name]
    found, believed, signer = read(name)
    sender, recipient = PARTIES[name]
    key = OpeningKey.from_seed(seed_of(recipient, "enc"))
    assert found.id == value["id"]
    assert believed.manifest.iss == f"urn:dovetail:org:{sender}"
    assert check_content(found.content, [key.kid]) is None
    opened = open_content(believed, found.content, key)
    assert isinstance(opened, Opened)
    assert (opened.fields, opened.proof) == (value["fields"], value["open"])
    cek = content_key(believed, found.content, key)
    assert isinstance(cek, bytes)
    assert cek.hex() == value["cek"]
    judged = arbiter(found.signed.text, found.content.text, cek, *signer.public)
    assert judged.verdict == "no_finding"


@pytest.mark.parametrize("name", PARTIES)
def test_the_layouts_are_as_described(name):
    """Everything that is not random, computed from protocol.md with hashlib and hmac alone."""
    value, (found, _, _) = example()[name], read(name)
    cek = bytes.fromhex(value["cek"])
    payload = value["P"].encode()
    digest = hashlib.sha256(payload).digest()
    assert found.signed.payload == payload
    assert found.signed.h == value["h"] == b64u(digest)
    assert value["kc"] == b64u(hmac.digest(cek, b"dovetail/1 key-commit", "sha256"))
    assert value["open"] == b64u(hmac.digest(cek, b"dovetail/1 opened" + digest, "sha256"))
    assert value["ch"] == b64u(hashlib.sha256(found.content.text.encode()).digest())
    assert (found.signed.content_hash, found.signed.key_commitment) == (value["ch"], value["kc"])
    salts = hmac.digest(cek, b"dovetail/1 salts", "sha256")
    lines = [
        f'["{b64u(hmac.digest(salts, name.encode(), "sha256"))}",{dump_json(field).decode()}]'
        for name, field in value["fields"].items()
    ]
    assert value["body"] == "".join(line + "\n" for line in lines)
    hidden = json.loads(payload)["f"]
    assert list(hidden) == list(value["fields"])
    for line, (entry,) in zip(lines, hidden.values(), strict=True):
        assert entry == {"...": b64u(hashlib.sha256(b64u(line.encode()).encode()).digest())}
    assert found.content.padded_bytes == len(pad(value["body"].encode())) == 4096
    header = parse_b64u(json.loads(found.content.text)["protected"])
    assert header == f'{{"enc":"A256GCM","typ":"dovetail-content","ctx":"{b64u(digest)}"}}'.encode()
    assert b64u(found.content.jwe.iv) == b64u(bytes.fromhex(value["iv"]))


@pytest.mark.parametrize("name", PARTIES)
def test_the_bodies_are_bodies(name):
    """The example's fields are those of its type, valued as the catalogue says."""
    kind = REGISTRY[json.loads(example()[name]["P"])["mt"]]
    fields = example()[name]["fields"]
    assert not isinstance(read_fields(kind.body, fields), tuple)
    if name == "request":
        (asked,) = fields["ask.questions"]
        statements = dump_json([[asked["qid"], asked["necessity"]]])
        claimed = json.loads(example()[name]["P"])["necessity"]
        assert claimed == {"h": sha256_text(statements), "n": 1}


def test_the_answer_names_its_request():
    """``req`` is the request's id and the hash of its claims."""
    request, response = (
        json.loads(example()["request"]["P"]),
        json.loads(example()["response"]["P"]),
    )
    assert response["req"] == {"jti": request["jti"], "h": example()["request"]["h"]}
    assert response["conv"] == request["conv"]


@pytest.mark.parametrize("name", ["northshire-panel", "oakfield-school"])
def test_the_directory_lists_the_keys(name):
    """The entry reads, spells the same, and lists the keys that the seeds make."""
    value = example()["agencies"][name]
    entry = parse_entry(value["directory_entry"].encode())
    assert isinstance(entry, DirectoryEntry)
    assert dump_entry(entry).decode() == value["directory_entry"]
    assert {key.kid for key in entry.keys} == set(value["kids"].values())
    signer = MessageSigner.from_seeds(seed_of(name, "Ed25519"), seed_of(name, "ML-DSA-65"))
    assert [signer.ed25519.kid, signer.ml_dsa_65.kid] == list(value["kids"].values())[:2]
    for use in ("enc", "feed"):
        assert OpeningKey.from_seed(seed_of(name, use)).kid == value["kids"][use]


def test_the_receipts_verify():
    """The gate's and the recipient's, about the request."""
    _, believed, _ = read("request")
    keys = {
        "submitted": SigningKey.from_seed("Ed25519", bytes.fromhex(example()["broker"]["gate"]["seed"])),
        "opened": SigningKey.from_seed("Ed25519", seed_of("oakfield-school", "Ed25519")),
    }  # fmt: skip
    for name, key in keys.items():
        signed = read_receipt(example()["receipts"][name])
        assert isinstance(signed, SignedReceipt)
        found = verify_receipt(signed, key.public)
        assert isinstance(found, Receipt)
        assert found.status == name
        assert check_ack(found, believed) is None
    opened = read_receipt(example()["receipts"]["opened"])
    assert isinstance(opened, SignedReceipt)
    assert opened.claimed.open_ == example()["request"]["open"]


def log_keys():
    """The log's public keys."""
    seeds = example()["broker"]["log"]["seeds"]
    return LogSigner.from_seeds(
        bytes.fromhex(seeds["Ed25519"]), bytes.fromhex(seeds["ML-DSA-44"])
    ).public


def test_the_log_holds_the_records():
    """Leaves, root, checkpoint and consistency, from the sealed records up."""
    log, origin = example()["log"], example()["broker"]["log"]["origin"]
    for value, leaf in zip(log["records"], log["leaves"][1:], strict=True):
        digest = sha256_text(value["sealed"].encode())
        assert value["commitment"] == digest
        assert leaf == f'{{"v":1,"c":"{digest}"}}'
        assert value["leaf_hash"] == b64u(hashlib.sha256(b"\x00" + leaf.encode()).digest())
    hashes = [leaf_hash(leaf.encode()) for leaf in log["leaves"]]
    root = Tree(hashes).root()
    assert log["root"] == b64u(root)
    signed = verify_checkpoint(log["checkpoint"], origin, *log_keys())
    assert isinstance(signed, SignedCheckpoint)
    assert (signed.checkpoint.size, signed.checkpoint.root) == (3, root)
    proof = [parse_b64u(part) for part in log["consistency"]]
    assert verify_consistency(1, hashes[0], 3, root, proof) is None


@pytest.mark.parametrize("name", ["northshire-panel", "oakfield-school"])
def test_the_records_open(name):
    """Each party opens the same clear text."""
    key = OpeningKey.from_seed(seed_of(name, "feed"))
    for value in example()["log"]["records"]:
        found = open_record(value["sealed"], key)
        assert isinstance(found, Record)
        assert dump_json(found.model_dump(mode="json", by_alias=True)).decode() == value["clear"]


def test_the_feed_is_whole():
    """The school's two entries open, follow one another, and are proven to be in the log."""
    key = OpeningKey.from_seed(seed_of("oakfield-school", "feed"))
    origin, log, before = example()["broker"]["log"]["origin"], example()["log"], None
    for number, text in enumerate(log["feed"]):
        found = open_feed(text.encode(), key)
        assert isinstance(found, FeedMessage)
        assert check_follows(found, before) is None
        assert found.proof == log["proofs"][number]
        leaf = parse_b64u(found.entry.leaf)
        assert isinstance(leaf, bytes)
        assert isinstance(verify_proof(found.proof, leaf, origin, *log_keys()), SignedCheckpoint)
        before = found


def test_the_key_file_opens():
    """124 bytes, and the passphrase."""
    value = example()["key_file"]
    data = bytes.fromhex(value["file"])
    assert len(data) == 124
    assert open_seed(data, value["passphrase"].encode()) == (
        value["kind"],
        bytes.fromhex(value["seed"]),
    )


def test_the_script_still_makes_what_is_published():
    """All that is not random is made today as it was made then."""
    today, then = make_dovetail_v1.example(), example()

    def fixed(value):
        return {
            "agencies": value["agencies"],
            "broker": value["broker"],
            "key_file": value["key_file"],
            "request": {name: value["request"][name] for name in ("P", "body", "kc", "h", "open")},
            "records": [len(record["sealed"]) for record in value["log"]["records"]],
            "keys": sorted(value),
        }  # fmt: skip

    assert fixed(today) == fixed(then)
