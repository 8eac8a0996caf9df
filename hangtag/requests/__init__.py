"""An HTTP request to a product to tag."""
