"""What is allowed, and when. Pure: fetches nothing, knows no clock; imports ``schemas`` only.

``check`` the only entry, runs the POL rules in order · ``rules/`` the rules · ``pack``, ``overlay``
signed policy data, and an area tightening it · ``lawful_basis``, ``purposes``, ``roles`` what they
may name · ``calendar``, ``deadline``, ``clock``, ``ladder`` working days, due instants, stops,
reminders · ``retention`` what is erased by when · ``packs/`` and ``data/`` what a DPO reads.
"""
