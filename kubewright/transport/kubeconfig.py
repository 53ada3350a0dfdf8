"""Why this exists: from kubeconfig files, or from a pod's files, to a ClientConfig, by kubectl's rules of precedence.

`kubernetes` reads and merges the files and refreshes legacy auth providers (OIDC); it is imported only here, and only when a
kubeconfig is read (280 ms). The in-cluster configuration needs nothing of it.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from ..clock import Clock, RealClock
from ..errors import ConfigError
from .authprovider import AuthProviderCredentials
from .config import ClientConfig, Impersonation
from .credentials import Credentials
from .execplugin import ExecCredentials, ExecPlugin

__all__ = ["in_cluster_config", "load_config", "load_kubeconfig"]

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


_INTERACTIVE: Mapping[str, Literal["Never", "IfAvailable", "Always"]] = {
    "Never": "Never",
    "IfAvailable": "IfAvailable",
    "Always": "Always",
}


def load_config(
    kubeconfig: str | os.PathLike[str] | None = None, context: str | None = None, *, clock: Clock | None = None
) -> ClientConfig:
    """As kubectl: `kubeconfig`, else the files of $KUBECONFIG (the first that says something wins), else ~/.kube/config; and as
    client-go, in-cluster when none of them is there. Raises ConfigError saying where it looked."""
    if kubeconfig is not None:
        return load_kubeconfig(kubeconfig, context=context, clock=clock)
    listed = [path for path in os.environ.get("KUBECONFIG", "").split(os.pathsep) if path]
    candidates = listed or [str(Path.home() / ".kube" / "config")]
    found = [str(path) for path in (Path(each).expanduser() for each in candidates) if path.is_file()]
    if found:
        return _load(found, context, clock or RealClock())
    if context is None and os.environ.get("KUBERNETES_SERVICE_HOST"):
        return in_cluster_config()
    raise ConfigError(
        f"no cluster configuration: {', '.join(candidates)} not there, and this is no pod; "
        "pass a kubeconfig, set KUBECONFIG, or use for_url()"
    )


def load_kubeconfig(
    path: str | os.PathLike[str], *, context: str | None = None, clock: Clock | None = None
) -> ClientConfig:
    """The `context` (None: the current one) of this file. Raises ConfigError."""
    file = Path(path).expanduser()
    if not file.is_file():
        raise ConfigError(f"kubeconfig {path}: there is no such file")
    return _load([str(file)], context, clock or RealClock())


def in_cluster_config(*, directory: str | os.PathLike[str] = SERVICE_ACCOUNT) -> ClientConfig:
    """The service account of the pod this runs in (client-go C9). The token file is read again as it rotates.

    Raises ConfigError outside of a pod.
    """
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
    if not host or not port:
        raise ConfigError("not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set")
    files = Path(directory)
    for name in ("token", "ca.crt"):
        if not (files / name).is_file():
            raise ConfigError(f"not in a cluster: {files / name} is missing; is automountServiceAccountToken off?")
    namespace = files / "namespace"
    return ClientConfig(
        f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
        ca_file=str(files / "ca.crt"),
        token_file=str(files / "token"),
        namespace=namespace.read_text(encoding="utf-8").strip() if namespace.is_file() else "default",
    )


@dataclass(frozen=True, slots=True)
class _Section:
    """A named part of a kubeconfig; `base` is the directory that its relative paths start from."""

    where: str
    base: str
    values: Mapping[str, Any]

    def text(self, key: str) -> str | None:
        value = self.values.get(key)
        if value is None or value == "":
            return None
        if not isinstance(value, (str, int, float)) or isinstance(value, bool):
            raise ConfigError(f"{self.where}: {key} must be a string")
        return str(value)

    def flag(self, key: str) -> bool:
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            raise ConfigError(f"{self.where}: {key} must be true or false")
        return bool(value)

    def texts(self, key: str) -> tuple[str, ...]:
        return _texts(self.values.get(key), f"{self.where}: {key}")

    def path(self, key: str) -> str | None:
        value = self.text(key)
        return None if value is None else os.path.normpath(os.path.join(self.base, value))

    def pem(self, key: str) -> str | None:
        value = self.text(key)
        if value is None:
            return None
        try:
            return base64.b64decode("".join(value.split()), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise ConfigError(f"{self.where}: {key} is not the base64 of a PEM file") from None


def _texts(value: object, what: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):  # a string would be taken for its letters
        raise ConfigError(f"{what} must be a list")
    return tuple(map(str, cast("list[object]", value)))


def _load(paths: Sequence[str], context: str | None, clock: Clock) -> ClientConfig:
    merger = _merge(paths)
    chosen = context or _current_context(merger, paths)
    place = _find(merger, "contexts", chosen, "context", paths)
    cluster_name, user_name = place.text("cluster"), place.text("user")
    if cluster_name is None:
        raise ConfigError(f"{place.where}: names no cluster")
    cluster = _find(merger, "clusters", cluster_name, "cluster", paths)
    server = cluster.text("server")
    if server is None:
        raise ConfigError(f"{cluster.where}: has no server")
    user = _find(merger, "users", user_name, "user", paths) if user_name is not None else _Section("no user", "", {})
    return ClientConfig(
        server.rstrip("/"),
        ca_file=cluster.path("certificate-authority"),
        ca_data=cluster.pem("certificate-authority-data"),
        verify=not cluster.flag("insecure-skip-tls-verify"),
        tls_server_name=cluster.text("tls-server-name"),
        proxy=cluster.text("proxy-url"),
        cert_file=user.path("client-certificate"),
        cert_data=user.pem("client-certificate-data"),
        key_file=user.path("client-key"),
        key_data=user.pem("client-key-data"),
        token=user.text("token"),
        token_file=user.path("tokenFile"),
        username=user.text("username"),
        password=user.text("password"),
        credentials=_plugin(merger, user, cluster, clock),
        impersonate=_impersonation(user),
        namespace=place.text("namespace") or "default",
    )


def _merge(paths: Sequence[str]) -> Any:
    from kubernetes.config import kube_config

    # kubectl takes an empty file for one that says nothing; the library refuses it.
    paths = [path for path in paths if Path(path).stat().st_size] or paths
    merger: Any = kube_config.KubeConfigMerger
    try:
        merged = merger(kube_config.ENV_KUBECONFIG_PATH_SEPARATOR.join(paths))
    except Exception as error:
        # Of any kind: a YAML error, or what an unexpected shape runs into. Their texts may quote the file, and so secrets.
        if all(not Path(path).stat().st_size for path in paths):
            raise ConfigError(f"kubeconfig {', '.join(paths)}: is empty") from None
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        raise ConfigError(f"kubeconfig {', '.join(paths)}: cannot be read ({type(error).__name__}{line})") from None
    for kind in ("contexts", "clusters", "users"):
        for node in merged.config.value[kind]:
            if not isinstance(node.value, Mapping):
                raise ConfigError(f"kubeconfig {node.path}: {kind} must be a list of mappings")
    return merged


def _current_context(merger: Any, paths: Sequence[str]) -> str:
    # The library lets the last file win; kubectl's rule is the first.
    for path in merger.paths:
        current = merger.config_files[path].get("current-context")
        if current:
            return str(current)
    names = ", ".join(str(node.value.get("name")) for node in merger.config.value["contexts"]) or "none"
    raise ConfigError(f"kubeconfig {', '.join(paths)}: no current-context is set; pass context=, there are: {names}")


def _find(merger: Any, kind: str, name: str, key: str, paths: Sequence[str]) -> _Section:
    for node in merger.config.value[kind]:
        if node.value.get("name") == name:
            values: object = node.value.get(key)
            if values is None:
                values = {}
            if not isinstance(values, Mapping):
                raise ConfigError(f"kubeconfig {node.path}: {key} {name!r} must be a mapping")
            base = os.path.dirname(os.path.abspath(node.path))
            return _Section(f"kubeconfig {node.path}: {key} {name!r}", base, cast("Mapping[str, Any]", values))
    names = ", ".join(str(node.value.get("name")) for node in merger.config.value[kind]) or "none"
    raise ConfigError(f"kubeconfig {', '.join(paths)}: there is no {key} {name!r}, there are: {names}")


def _impersonation(user: _Section) -> Impersonation | None:
    who = user.text("as")
    groups = user.texts("as-groups")
    given: object = user.values.get("as-user-extra") or {}
    if not isinstance(given, Mapping):
        raise ConfigError(f"{user.where}: as-user-extra must be a mapping")
    named = cast("Mapping[object, object]", given)
    extra = {str(key): _texts(values, f"{user.where}: as-user-extra: {key}") for key, values in named.items()}
    if who is None and not groups and not extra:
        return None
    return Impersonation(
        user=who or "",
        uid=user.text("as-uid") or "",
        groups=groups,
        extra=extra,
    )


def _plugin(merger: Any, user: _Section, cluster: _Section, clock: Clock) -> Credentials | None:
    if user.text("token") or user.path("tokenFile") or user.text("username"):
        return None  # as kubectl: what is written down wins over plugins
    if isinstance(user.values.get("auth-provider"), Mapping):
        return AuthProviderCredentials(dict(user.values), user.where, merger.save_changes, clock)
    section = user.values.get("exec")
    if not isinstance(section, Mapping):
        return None
    plugin = _Section(f"{user.where}: exec", user.base, cast("Mapping[str, Any]", section))
    command, api_version = plugin.text("command"), plugin.text("apiVersion")
    if command is None or api_version is None:
        raise ConfigError(f"{plugin.where}: needs command and apiVersion")
    if api_version.endswith("/v1alpha1"):
        raise ConfigError(
            f"{plugin.where}: apiVersion {api_version} was removed from Kubernetes; update the plugin to v1"
        )
    mode = _INTERACTIVE.get(plugin.text("interactiveMode") or "IfAvailable")
    if mode is None:
        raise ConfigError(f"{plugin.where}: interactiveMode must be Never, IfAvailable or Always")
    try:
        env = {str(item["name"]): str(item["value"]) for item in plugin.values.get("env") or ()}
    except (TypeError, KeyError):
        raise ConfigError(f"{plugin.where}: env must be a list of name and value") from None
    return ExecCredentials(
        ExecPlugin(
            # As client-go: a path is relative to the kubeconfig, a bare name is looked up in PATH.
            command=os.path.join(user.base, command) if os.sep in command else command,
            api_version=api_version,
            args=plugin.texts("args"),
            env=env,
            interactive=mode,
            install_hint=plugin.text("installHint") or "",
            cluster=_cluster_info(cluster) if plugin.flag("provideClusterInfo") else None,
        ),
        clock,
    )


def _cluster_info(cluster: _Section) -> dict[str, Any]:
    words = ("server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data", "proxy-url")
    info = {word: cluster.values[word] for word in (*words, "disable-compression") if cluster.values.get(word)}
    file = cluster.path("certificate-authority")
    if file is not None and "certificate-authority-data" not in info:
        try:
            info["certificate-authority-data"] = base64.b64encode(Path(file).read_bytes()).decode()
        except OSError as error:
            raise ConfigError(f"{cluster.where}: certificate-authority {file}: {error.strerror}") from None
    for extension in cast("Sequence[Mapping[str, Any]]", cluster.values.get("extensions") or ()):
        if extension.get("name") == "client.authentication.k8s.io/exec":
            info["config"] = extension.get("extension")
    return info
