"""Whatever reaches the broker from outside: systems and people. Of the broker, only ``broker.client``.

``agency`` what an agency writes · ``runtime`` verify, open, check, ask, check, seal, send · one file
per kind of agency (``police``, ``health``, ``education``, ``council``, ``housing``,
``youth_justice``, ``probation``), which never import each other · ``sources/`` how records are
reached · ``gatherer/`` for whoever leads gathering · ``dpo/`` verify, question, report, witness ·
``gateway/``, ``mesh/``, ``console/`` REST, NHS MESH, web pages.
"""
