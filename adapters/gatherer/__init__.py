"""For whoever leads gathering: ``issue`` drafts and sends requests, ``hub`` opens what comes back."""
