"""What `manage.py doctor` does: look at every part, send an event in every way, follow it, take it out again."""
