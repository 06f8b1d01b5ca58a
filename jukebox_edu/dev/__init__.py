"""What maintainers run: build the bundled things, refresh the notebooks."""
