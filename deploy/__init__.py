"""What an operator needs: manifests, configuration of what stands around the service, checks."""
