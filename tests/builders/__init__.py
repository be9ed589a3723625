"""Builders: a valid thing, with one thing changed.

``agencies`` keys, directory entries, the broker · ``messages`` claims, manifests, sealed requests and
answers · ``cheat`` a sender that signs what it likes · ``values`` a value that each field accepts ·
``bodies`` bodies of types.
"""
