"""visit-photo-agent: the photos of a school visit go to the school's share, are proven there, and leave this laptop."""

__version__ = "0.1.0"
