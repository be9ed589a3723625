"""How records are reached: one file per kind of source (``fhir``, ``ctf``, ``csv_drop``, ``sql`` …)."""
