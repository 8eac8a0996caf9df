"""Dataset folder to bundle to archive: everything that needs torch lives here."""

import os

# First of all: it switches off what calls home in the libraries that are imported from here on.
import hangtag as hangtag

# Read when torch is loaded. Else its threads wait for one another without giving up their cores,
# and where something else wants a core too, a head that is fitted in 4 s takes half a minute.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
