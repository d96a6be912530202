"""Django REST's side of the API: one view class a path, built from the operations."""
