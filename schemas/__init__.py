"""What crosses a boundary, executable. Pure: no I/O, no clock, no chance; imports nothing of ours.

``problems`` every reason to refuse · ``identifiers`` ids and references · ``encoding`` strict JSON,
base64url, instants · ``jwk`` ``keys`` ``key_file`` public keys, private keys, a seed on disk · ``jws``
signed and ``jwe`` sealed bytes · ``manifest`` what the broker reads · ``commitment`` what binds values
to it · ``content`` the body, line by line · ``envelope`` manifest and content, read without a key ·
``sealing`` seal, open, prove · ``receipt`` signed statements about a message · ``record`` what is
kept of a judgement · ``tree`` the Merkle tree over records · ``checkpoint`` its signed root, and
proofs · ``feed`` records on their way to an agency · ``subjects`` names of subjects, streams, buckets,
keys · ``directory_entry`` an agency in the directory · ``directory_index`` which entries there are ·
``json_schemas`` all of this for other languages · ``fields/`` the field catalogue · ``messages/``
one body model per type.
"""
