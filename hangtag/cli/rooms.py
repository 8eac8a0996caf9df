"""Where the rooms beside the core are: in the checkout and in the image, not in the wheel."""

import os
import sys
from pathlib import Path

import hangtag

# The checkout and the image have it beside hangtag/, a folder of installed packages never: what is
# called `training` there is somebody else's.
_MARK = Path("serve_config", "model-config.yaml")
CORE = "hangtag"


def house() -> Path | None:
    """Return the folder that holds the rooms; None where only the core is installed."""
    folder = Path(hangtag.__file__).resolve().parents[1]
    return folder if (folder / _MARK).is_file() else None


def is_there(room: str) -> bool:
    """Whether a room, such as `training`, can be entered here."""
    if room == CORE:
        return True
    folder = house()
    return folder is not None and (folder / room / "__init__.py").is_file()


def enter_house() -> None:
    """Let this process, and those that it starts, import the rooms, whatever folder it runs in."""
    folder = house()
    if folder is None:
        return
    sys.path[:] = [str(folder), *(path for path in sys.path if path != str(folder))]
    inherited = os.environ.get("PYTHONPATH")
    # A path that holds a colon cannot be said so.
    if os.pathsep not in str(folder) and str(folder) not in (inherited or "").split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(folder), inherited]))
