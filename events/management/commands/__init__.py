"""`manage.py` commands of the demo host."""
