"""The machine's clocks in ms: the time of day, which can be set, and the time since boot, which cannot."""

import sys
import time


def unix_ms() -> int:
    """Return the Unix time in ms: for people, and for leases of other machines."""
    return time.time_ns() // 1_000_000


def boot_ms() -> int:
    """Return the ms since boot. This clock cannot be set; all processes of one boot share it."""
    clock = time.CLOCK_BOOTTIME if sys.platform == "linux" else time.CLOCK_MONOTONIC
    return time.clock_gettime_ns(clock) // 1_000_000
