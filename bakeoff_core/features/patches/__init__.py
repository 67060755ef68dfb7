"""What a frozen backbone finds alike within one image."""
