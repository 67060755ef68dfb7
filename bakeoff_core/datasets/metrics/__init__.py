"""What a classifier's answers on a test set come to."""
