"""What the product talks about: pure, frozen, without input or output."""
