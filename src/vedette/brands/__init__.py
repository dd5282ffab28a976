"""What is known about brands of cameras, and nowhere else: one module each."""
