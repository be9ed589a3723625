"""Builders: a valid thing, with one thing changed.

``messages`` agencies with keys and entries, claims, manifests, sealed requests and answers ·
``values`` a value that each field accepts, and ones that it refuses · ``bodies`` bodies of types.
"""
