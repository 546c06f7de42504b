"""Files as the system has them: opening safely, writing durably, checking owners; and starting child processes."""
