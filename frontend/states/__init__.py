"""What each page knows, one object a tab; all of it comes from the service and is small."""
