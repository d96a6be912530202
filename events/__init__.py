"""The demo host application: meetups and everything that happens around them."""
