"""Tests of `analytics`; named after the module that they prove."""
