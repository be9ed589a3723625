"""The services between agencies: thin shells around pure parts. Imports ``policies`` and ``schemas``.

``settings`` environment and TOML file · ``clock`` the only clock · ``log`` what operators see ·
``faults`` the world is broken · ``backoff`` when to try again · ``metrics`` counters · ``bus`` the
only importer of FastStream and nats-py · ``directory`` keys, roles and packs in force · ``client``
the only thing adapters may import · ``gate/``, ``release/``, ``gathering/``, ``audit/`` the
services, which meet on streams and never import each other.
"""
