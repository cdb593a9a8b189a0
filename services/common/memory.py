"""What becomes of memory that is freed."""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 10 * 2**20
"""As much as a batch's columns take that are picked at once; with more the worker's memory grows."""
LARGEST_KEPT_BYTES = 2**20


def keep_freed() -> None:
    """Let glibc keep what large arrays free for those that come next.

    By itself it gives such memory back to the kernel and takes it anew page by page, which costs more than what is
    computed in it: copying an array of 350 kB took eight times as long. Another C library is left as it is.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
    mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT_BYTES)
