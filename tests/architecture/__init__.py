"""Tests of the shape of the tree itself: what may be where, and what may not be anywhere."""
