"""Files on this machine: writing them so that they outlast a power cut."""
