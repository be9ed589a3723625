"""Measure Dovetail beside what it stands on and what it competes with: `python3 dev.py bench`.

run         the command · measure    rounds, processor time, spread · report   tables and JSON
contenders/ one small file each · town, parties, memory_bus   a world without a disk
tape        which signatures and HPKE operations a contender made, to be made again without anything else
memory, memory_child   resident memory of the broker's process with many requests open
"""
