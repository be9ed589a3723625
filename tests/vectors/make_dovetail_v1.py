"""Make ``dovetail-v1.json``: one worked example of every layout, from fixed keys.

ML-DSA signatures and HPKE wraps are randomised, so each run writes other bytes that say the same.
The file was made once and is kept: what it holds must verify and open for ever. Make it anew only
together with a new version of the wire.

Run from the root: ``python3 dev.py python -m tests.vectors.make_dovetail_v1``.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from schemas.checkpoint import Checkpoint, proof_text, sign_checkpoint
from schemas.commitment import key_commitment, open_proof, sha256_text
from schemas.content import body_of
from schemas.directory_entry import dump_entry
from schemas.encoding import b64u, dump_json, instant_text
from schemas.feed import first_entry, next_entry, record_leaf, seal_feed
from schemas.fields.asking import PUBLIC_TASK_STATEMENT
from schemas.key_file import seal_seed
from schemas.receipt import Receipt, acknowledge, sign_receipt
from schemas.record import Record, commitment, leaf_data, seal_record
from schemas.tree import Tree, leaf_hash
from tests.builders.messages import (
    ANSWER,
    AT,
    PACK,
    Agency,
    agency,
    broker,
    cek_of,
    envelope,
    jti,
    seed,
    signed_request,
    signed_response,
    verified,
)

TARGET = Path(__file__).with_name("dovetail-v1.json")
ORIGIN = "log.dovetail.example/2026"
PANEL, SCHOOL = agency("northshire-panel"), agency("oakfield-school")
STATEMENT = "To choose who can support, we need to know whether this is the right school."
FIELDS: dict[str, Any] = {
    "id.family_name": "Example",
    "id.given_names": "Robin",
    "id.dob": "2010-02-03",
    "ask.questions": [
        {
            "qid": "E1",
            "window_from": "2025-11-01",
            "window_to": "2026-11-01",
            "necessity": STATEMENT,
            "less_intrusive_considered": "ask_fewer",
        }
    ],
    "ask.concern_level": "L1",
    "ask.concern_theme": ["online_influence"],
    "ask.subject_informed": {"informed": False, "reason": "not_yet_practicable"},
    "ask.contact_for_query": {"role": "Coordinator", "contact": "duty desk, extension 12"},
    "ask.public_task_statement": PUBLIC_TASK_STATEMENT,
}
ANSWERED: dict[str, Any] = {**ANSWER, "rsp.match_confidence": "exact"}
NECESSITY = {"h": sha256_text(dump_json([["E1", STATEMENT]])), "n": 1}
DUE = {
    "day_0": "2026-11-16",
    "due_at": "2026-11-23T17:00:00.000000Z",
    "convention": "cut_off",
    "calendar": ["england-and-wales"],
    "calendar_version": "2026-11-01",
    "provisional": False,
    "stopped": False,
}


def keys_of(value: Agency) -> dict[str, Any]:
    """An agency's seeds (hex), key ids and directory entry."""
    name = value.name
    return {
        "seeds": {
            "Ed25519": seed(f"{name} ed25519").hex(),
            "ML-DSA-65": seed(f"{name} ml-dsa-65").hex(),
            "enc": seed(f"{name} enc").hex(),
            "feed": seed(f"{name} feed enc").hex(),
        },
        "kids": {
            "Ed25519": value.signer.ed25519.kid,
            "ML-DSA-65": value.signer.ml_dsa_65.kid,
            "enc": value.opening.kid,
            "feed": value.feed.kid,
        },
        "directory_entry": dump_entry(value.entry).decode(),
    }


def message(sealed: Any, fields: dict[str, Any]) -> dict[str, Any]:
    """An envelope, what it holds, and every value on the way."""
    found, cek = envelope(sealed), cek_of(sealed)
    return {
        "cek": cek.hex(),
        "iv": cek[:12].hex(),
        "fields": fields,
        "P": sealed.signed.payload.decode(),
        "h": sealed.h,
        "body": body_of(cek, fields).decode(),
        "kc": key_commitment(cek),
        "ch": sealed.signed.content_hash,
        "open": open_proof(cek, sealed.signed.digest),
        "envelope": sealed.envelope.decode(),
        "id": found.id,
    }


def receipts(request: Any, record: str) -> dict[str, Any]:
    """What the gate and the recipient sign about the request."""
    ack = acknowledge(verified(request)).model_dump(mode="json")
    common = {"iat": int(AT.timestamp()), "mt": "receipt/1", "at": instant_text(AT), "ack": ack}
    submitted = {
        "iss": broker().entry.urn,
        "jti": jti("submitted"),
        **common,
        "status": "submitted",
        "record": commitment(record),
        "arrived_at": instant_text(AT),
        "due": DUE,
        "late": False,
        "release_until": instant_text(AT + timedelta(days=40)),
    }
    opened = {
        "iss": SCHOOL.urn,
        "jti": jti("opened"),
        **common,
        "status": "opened",
        "open": open_proof(cek_of(request), request.signed.digest),
    }
    return {
        name: sign_receipt(Receipt.model_validate_json(dump_json(value)), key)
        for name, value, key in (
            ("submitted", submitted, broker().gate),
            ("opened", opened, SCHOOL.receipts),
        )
    }


def clear_record(value: Any) -> dict[str, Any]:
    """What the gate keeps of a message."""
    return {
        "v": 1,
        "ev": "forwarded",
        "at": instant_text(AT),
        "arrived_at": instant_text(AT),
        "ingress": json.loads(value.signed.payload)["iss"],
        "bytes": sha256_text(value.envelope),
        "manifest": value.signed.text,
        "receipt": None,
        "problems": [],
        "due": DUE,
        "late": False,
        "release_until": instant_text(AT + timedelta(days=40)),
        "pack": PACK,
        "directory": 1,
    }


def logged(messages: list[Any]) -> dict[str, Any]:
    """Records, leaves, checkpoint, proofs, and the school's feed of both."""
    clear = [clear_record(value) for value in messages]
    ceks = [seed(f"record {n}") for n in range(len(messages))]
    records = [
        seal_record(
            Record.model_validate_json(dump_json(value)),
            [PANEL.feed.public, SCHOOL.feed.public],
            cek=cek,
            iv=cek[:12],
        )
        for value, cek in zip(clear, ceks, strict=True)
    ]
    leaves = [b'{"v":1,"c":"another agency"}', *(leaf_data(commitment(r)) for r in records)]
    tree = Tree(leaf_hash(leaf) for leaf in leaves)
    note = sign_checkpoint(Checkpoint(ORIGIN, tree.size, tree.root()), broker().log, AT)
    proofs = [proof_text(n + 1, tree.inclusion_proof(n + 1), note) for n in range(len(records))]
    feed_cek = seed("feed")
    key = SCHOOL.feed.public
    first = seal_feed(
        first_entry(records[0], 1), records[0], proofs[0], key, cek=feed_cek, iv=feed_cek[:12]
    )
    second = seal_feed(
        next_entry(1, first, records[1], 2),
        records[1],
        proofs[1],
        key,
        cek=seed("feed 2"),
        iv=seed("feed 2")[:12],
    )
    return {
        "records": [
            {
                "clear": dump_json(value).decode(),
                "cek": cek.hex(),
                "sealed": sealed,
                "commitment": commitment(sealed),
                "leaf_hash": b64u(record_leaf(sealed)),
            }
            for value, cek, sealed in zip(clear, ceks, records, strict=True)
        ],
        "leaves": [leaf.decode() for leaf in leaves],
        "root": b64u(tree.root()),
        "checkpoint": note,
        "consistency": [b64u(part) for part in tree.consistency_proof(1, tree.size)],
        "proofs": proofs,
        "feed": [first.decode(), second.decode()],
    }


def example() -> dict[str, Any]:
    """The whole example."""
    asker = {"role": "GATHERER"}
    request = signed_request(fields=FIELDS, from_=asker, necessity=NECESSITY)
    response = signed_response(fields=ANSWERED, to=asker, req={"h": request.h})
    log = logged([request, response])
    log_seeds = {"Ed25519": seed("log ed25519").hex(), "ML-DSA-44": seed("log ml-dsa-44").hex()}
    return {
        "about": "docs/protocol.md, version 1; made by tests/vectors/make_dovetail_v1.py",
        "agencies": {value.name: keys_of(value) for value in (PANEL, SCHOOL)},
        "broker": {
            "gate": {"seed": seed("gate").hex(), "kid": broker().gate.kid},
            "log": {"seeds": log_seeds, "origin": ORIGIN},
            "directory_entry": dump_entry(broker().entry).decode(),
        },
        "request": message(request, FIELDS),
        "response": message(response, ANSWERED),
        "receipts": receipts(request, log["records"][0]["sealed"]),
        "log": log,
        "key_file": {
            "passphrase": "correct horse",
            "kind": "Ed25519",
            "seed": seed("gate").hex(),
            "file": seal_seed(
                "Ed25519", seed("gate"), b"correct horse", bytes(range(16)), bytes(range(12))
            ).hex(),
        },
    }


if __name__ == "__main__":
    TARGET.write_text(json.dumps(example(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
