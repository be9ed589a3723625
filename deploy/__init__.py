"""How the parts are put together and run; imported by no one.

``cli/`` the ``dovetail`` command · ``sandbox/`` everything on one machine, for the demo and tests ·
``nats/`` accounts, permissions and configuration of the NATS server.
"""
