"""Who is measured: one file each. All have the shape of ``measure.Contender``.

bare       the signatures and HPKE of another contender, and nothing else · seal, opening, gate
exchange   one message from sealing to the leaf in the log, everything in memory
bus        a running bus, and on it: gate, jetstream (publish and acknowledge), whole exchanges
as4        the PyPI package as4, driven in a process of its own (as4_child)
"""
