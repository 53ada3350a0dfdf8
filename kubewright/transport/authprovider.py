"""Why this exists: the legacy `auth-provider` section (OIDC above all), refreshed by the `kubernetes` package.

That package refreshes only when a configuration is loaded, so it is asked again shortly before the token it gave expires.
"""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable
from typing import Any

import msgspec

from ..clock import Clock
from ..errors import ConfigError

__all__ = ["AuthProviderCredentials"]

# The package renews tokens that have less than five minutes left; asked any earlier it returns the old one.
_MARGIN_SECONDS = 290.0


class AuthProviderCredentials:
    """Bearer tokens of an identity provider. `user` is the kubeconfig's user; `persist` writes a rotated refresh token back, as
    kubectl does. Refreshing blocks on the network and is bounded by the provider's own timeouts."""

    def __init__(self, user: dict[str, Any], where: str, persist: Callable[[], None], clock: Clock) -> None:
        self._user = user
        self._where = where
        self._persist = persist
        self._clock = clock
        self._lock = threading.Lock()
        self._header: str | None = None
        self._renew_at: float | None = None

    def authorization(self) -> str | None:
        with self._lock:
            if self._header is None or (self._renew_at is not None and self._clock.time() >= self._renew_at):
                self._header = self._load()
                expiry = _jwt_expiry(self._header)
                self._renew_at = None if expiry is None else expiry - _MARGIN_SECONDS
            return self._header

    def client_certificate(self) -> tuple[str, str] | None:
        return None

    def rejected(self) -> bool:
        with self._lock:
            before, self._header = self._header, None
        return before is not None

    def _load(self) -> str:
        from kubernetes.client import Configuration
        from kubernetes.config import kube_config

        loader: Any = kube_config.KubeConfigLoader
        make: Any = Configuration
        # Only the user: the loader would write the cluster's certificates into temporary files.
        document = {
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "here"}}],
            "clusters": [{"name": "here", "cluster": {"server": "http://localhost"}}],
            "users": [{"name": "here", "user": self._user}],
        }
        configuration: Any = make()
        try:
            loader(document, config_persister=self._persist).load_and_set(configuration)
        except Exception as error:
            # Of any kind: network, provider, shape. Texts of the package may quote the section, and so secrets.
            raise ConfigError(f"{self._where}: auth-provider gave no token ({type(error).__name__})") from None
        keys: dict[str, str] = configuration.api_key
        header = keys.get("BearerToken") or keys.get(
            "authorization"
        )  # the name differs between versions of the package
        if not header:
            provider = self._user["auth-provider"].get("name")
            raise ConfigError(f"{self._where}: auth-provider {provider!r} gave no token; use an exec plugin instead")
        return header


class _Claims(msgspec.Struct):
    exp: float | None = None


_claims = msgspec.json.Decoder(_Claims)


def _jwt_expiry(header: str) -> float | None:
    parts = header.split(".")
    if len(parts) != 3:
        return None
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return _claims.decode(payload).exp
    except (binascii.Error, msgspec.DecodeError, ValueError):
        return None
