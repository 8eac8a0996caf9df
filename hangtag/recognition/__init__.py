"""What bytes or texts are that nothing here reads, to refuse them by name."""
