"""The environment as the settings see it: variables, the files they name, and credentials.

`VEDETTE_X_FILE` names the file that holds `VEDETTE_X`; a credential or Docker secret called `vedette_x` (in
any case) holds it too. A variable wins over a file, a file over a credential.
"""

import os
from collections.abc import Collection
from pathlib import Path

from vedette.domain.errors import ConfigurationError
from vedette.secrets.credentials import names, read_credential, read_file

PREFIX = "VEDETTE_"
_FILE = "_FILE"


def settings_environment(known: Collection[str]) -> dict[str, str]:
    """All variables of the process, and those that files and credentials give.

    Args:
        known: names of settings in lower case; other files are not looked at.

    Raises:
        ConfigurationError: a file cannot be read, or a value is given twice.
    """
    credentials = {name.upper(): name for name in names() if _is_setting(name.upper(), known)}
    given = {upper: read_credential(name) for upper, name in credentials.items()}
    files = {name: path for name, path in os.environ.items() if _names_a_file(name, known)}
    for variable, path in files.items():
        name = variable.removesuffix(_FILE)
        if name in os.environ:
            raise ConfigurationError(f"{name} and {variable} are both set.", hint="Keep one of them.")
        given[name] = read_file(Path(path))
    plain = {name: value for name, value in os.environ.items() if name not in files}
    return {**given, **plain}


def _names_a_file(variable: str, known: Collection[str]) -> bool:
    return variable.endswith(_FILE) and _is_setting(variable.removesuffix(_FILE), known)


def _is_setting(name: str, known: Collection[str]) -> bool:
    rest = name.removeprefix(PREFIX).lower()
    return rest != name.lower() and rest.partition("__")[0] in known
