"""What workers report."""
