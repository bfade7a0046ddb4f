"""The Models page: how good the models are, and where they fail."""
