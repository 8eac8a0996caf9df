"""Whether the manifests of deploy/kubernetes are valid, and keep to our own policies."""
