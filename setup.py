"""Build step: put `data_samples/` of the checkout inside the package, so that a wheel has it.

Everything else about the build stands in pyproject.toml.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithSamples(build_py):
    """Copy the bundled songs next to the modules."""

    def run(self) -> None:
        """Build as usual, then copy."""
        super().run()
        if self.editable_mode:
            return  # a checkout finds its own folder
        target = Path(self.build_lib) / "jukebox_edu" / "data_samples"
        for path in sorted(Path("data_samples").glob("*")):
            if path.is_file():
                self.mkpath(str(target))
                self.copy_file(str(path), str(target / path.name))


setup(cmdclass={"build_py": BuildWithSamples})
