"""From a laptop to AKS: images, manifests, infrastructure. Nothing here is imported by the service."""
