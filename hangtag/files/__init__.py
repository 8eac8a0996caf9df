"""Files: JSON, writing whole or not at all, full disks."""
