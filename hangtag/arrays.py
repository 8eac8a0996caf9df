"""Types of arrays; comments beside them say their shapes."""

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]
# Places in another array.
Indices = npt.NDArray[np.int64]
# Values of a photo's channels, 0 to 255.
Pixels = npt.NDArray[np.uint8]
