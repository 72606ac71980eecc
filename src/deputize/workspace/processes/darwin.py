"""What only macOS is asked for: which boot this is."""

from __future__ import annotations

import ctypes

import psutil


def boot_id() -> str:
    """Return the id of this boot (`sysctl kern.bootsessionuuid`), else the time of the boot."""
    library = ctypes.CDLL(None)
    value = ctypes.create_string_buffer(64)
    length = ctypes.c_size_t(len(value))
    name = b"kern.bootsessionuuid"
    sysctl = getattr(library, "sysctlbyname", None)
    if sysctl is not None and sysctl(name, value, ctypes.byref(length), None, 0) == 0:
        return value.value.decode("ascii")
    return f"{psutil.boot_time():.0f}"
