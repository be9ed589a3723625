"""The field catalogue: one file per sector, ``education``, ``health`` and so on.

A field is an id, a type, limits, tags and the reason why anyone may need it.
"""
