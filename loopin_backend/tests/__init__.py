"""Tests of the deployable; each file mirrors a module."""
