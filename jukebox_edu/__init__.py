"""jukebox_edu."""
