"""Dataset folder to bundle to archive: everything that needs torch lives here."""

# First of all: it switches off what calls home in the libraries that are imported from here on.
import hangtag as hangtag
