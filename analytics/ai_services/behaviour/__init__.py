"""What persons do and what it says about them: engagement, habits, risks."""
