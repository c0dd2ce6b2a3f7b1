"""What a profile's last check saw in the catalogue. A state directory that cannot be used costs only the memory."""

from collections.abc import Mapping

from console.domain.probes.catalogue import Catalogue
from console.services.probes.last_catalogue import keep_catalogue, load_catalogue
from console.services.system.directories import state_directory
from console.services.system.private_file import PrivateFileError


class CatalogueMemory:
    """Remembers one profile's catalogue from check to check."""

    def __init__(self, profile: str, environment: Mapping[str, str], *, is_kept: bool) -> None:
        """Prepare; nothing is read or written.

        Args:
            profile: The name of a checked profile.
            environment: The environment variables of this process.
            is_kept: False for the built-in profiles and read-only sessions, which leave nothing behind.

        """
        self._profile = profile
        self._environment = environment
        self._is_kept = is_kept
        self.session: Catalogue | None = None
        """What was read in this process; it is there also where nothing is kept."""
        self.problem = ""
        """Why nothing could be remembered, in words; empty where nothing stood in the way."""

    def last(self) -> Catalogue | None:
        """Return the catalogue of the last check, or None."""
        try:
            return load_catalogue(state_directory(self._environment), self._profile)
        except PrivateFileError as error:
            self.problem = str(error)
            return None

    def keep(self, catalogue: Catalogue) -> None:
        """Remember a catalogue for the next check; an empty one would make every model new."""
        self.session = catalogue
        if not self._is_kept or not catalogue.entries:
            return
        try:
            keep_catalogue(state_directory(self._environment), self._profile, catalogue)
        except PrivateFileError as error:
            self.problem = str(error)
