"""The cloud that Prosopon runs in, as a Pulumi program."""
