"""Dataset folder to bundle to archive: everything that needs torch lives here."""
