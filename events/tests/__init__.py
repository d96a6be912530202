"""Tests of the demo host; named after the module that they prove."""
