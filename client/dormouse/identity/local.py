"""Identity from the local cloud of a running `./dev up`."""

from typing import Final
from urllib.parse import quote, urlencode

import httpx

from dormouse.errors import IdentityError

DEFAULT_ACCOUNT: Final = "default"
_SECONDS: Final = 10.0


class LocalCloud:
    """Tokens of the local cloud, for any account that it is asked for."""

    def __init__(self, url: str, account: str = "") -> None:
        self._url = url.rstrip("/")
        self._account = account or DEFAULT_ACCOUNT

    def fetch(self, audience: str) -> str:
        """Raises `IdentityError` where no local cloud answers."""
        account = quote(self._account, safe="@")
        query = urlencode({"audience": audience, "format": "full"})
        path = f"/computeMetadata/v1/instance/service-accounts/{account}/identity?{query}"
        try:
            # Loopback: no proxy of the environment is to be asked.
            with httpx.Client(trust_env=False, timeout=_SECONDS) as http:
                answer = http.get(self._url + path, headers={"Metadata-Flavor": "Google"})
                answer.raise_for_status()
        except httpx.HTTPError as error:
            raise IdentityError(
                f"The local cloud does not answer at {self._url}: {error}."
                " Start it with `./dev up`, or set DORMOUSE_LOCAL_PORT."
            ) from error
        return answer.text.strip()
