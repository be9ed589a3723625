"""One body model per message type, ``<family>/<type>.py``: the name on the wire is the path.

``information/`` questions and their answers · ``deadline/`` reminders, escalations, closings.
"""
