"""The garbage collector: what was loaded once is not searched again and again while calls are in progress."""

import gc


def keep_loaded() -> None:
    """Collect, then take everything that lives for permanent, until the next call of this.

    A collection of the oldest generation stops the event loop for tens of milliseconds once the console's modules are
    loaded, and finds next to nothing among them. It stays switched on for all that is made afterwards, and what was
    permanent is collected too whenever this is called again, so memory stays bounded.
    https://docs.python.org/3/library/gc.html#gc.freeze
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
