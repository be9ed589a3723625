"""The tests; their folders mirror the code.

Beside those: ``builders`` a valid thing with one thing changed · ``vectors/`` bytes and lists made by hand or by
another program · ``contracts/`` suites that fake and real both pass · ``faults/`` each step failing
before and after it took effect · ``flows/`` a real server · ``architecture/`` the shape of the tree ·
``attacks/`` what an adversary tries · ``bench/`` measurements.
"""
