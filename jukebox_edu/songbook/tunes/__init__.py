"""The old songs, by kind: nursery songs, carols, hymns, and songs of the people.

Lesson: notebooks/00_ten_minutes.ipynb
"""
