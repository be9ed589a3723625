"""What crosses a boundary, executable. Pure: no I/O, no clock, no chance; imports nothing of ours.

``problems`` every reason to refuse · ``identifiers`` ids and references · ``encoding`` canonical
bytes · ``manifest`` what the broker reads · ``content`` the body sealed · ``envelope`` the two
together · ``sealing`` encrypt, sign, open, verify · ``receipt`` signed statements about a message ·
``relay`` packs passed on · ``keys`` key formats · ``subjects`` names of subjects, streams, buckets ·
``directory_entry`` an agency in the directory · ``record`` what is kept of a judgement · ``tree``
the Merkle tree over records · ``fields/`` the field catalogue · ``messages/`` one body model per type.
"""
