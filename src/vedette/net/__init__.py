"""What Vedette itself asks on the network."""
