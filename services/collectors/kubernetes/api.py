"""A Kubernetes cluster asked over its API: lists in pages, raw, within a time and a size."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from services.collectors.base import SourceUnavailable
from services.collectors.deadline import WHOLE, cut, too_long, within
from services.collectors.formats import parse_json
from services.collectors.kubernetes.objects import Object
from services.collectors.kubernetes.settings import KubernetesSettings
from services.collectors.sbom import many, part, text
from services.collectors.secret import read_secret

PATHS = {
    "Node": "/api/v1/nodes",
    "Pod": "/api/v1/pods",
    "Deployment": "/apis/apps/v1/deployments",
    "StatefulSet": "/apis/apps/v1/statefulsets",
    "DaemonSet": "/apis/apps/v1/daemonsets",
    "ReplicaSet": "/apis/apps/v1/replicasets",
    "CronJob": "/apis/batch/v1/cronjobs",
    "Job": "/apis/batch/v1/jobs",
    "Service": "/api/v1/services",
    "Ingress": "/apis/networking.k8s.io/v1/ingresses",
    "PersistentVolume": "/api/v1/persistentvolumes",
}
PAGE = 500
MOST_PAGES = 400
"""Of one kind; Kubernetes itself is made for 150,000 pods."""
_UNAUTHORISED = 401
_MEANS = {
    401: "the token is not accepted; it may have expired",
    403: "the account may not list this; docs/collectors.md has the ClusterRole that it needs",
    404: "this cluster does not have it; is it the address of its API?",
    410: "it changed while it was read; the next run tries again",
    429: "it is asked too often",
}


class Refused(SourceUnavailable):
    """The API answered, and not with what was asked for; `status` is HTTP's."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class Cluster:
    """A cluster's API. Errors name the address, never a header."""

    def __init__(self, settings: KubernetesSettings, client: Any) -> None:  # noqa: ANN401 - has no types
        self._settings, self._configuration = settings, client.configuration
        self._pool = client.rest_client.pool_manager
        self._connections: list[Any] = []

    @property
    def address(self) -> str:
        return str(self._configuration.host).rstrip("/")

    def version(self) -> str:
        """The version of its API server, or "" where it does not say it. Raises SourceUnavailable."""
        try:
            found = self._get("/version", {})
        except Refused as error:
            if error.status == _UNAUTHORISED:
                raise
            return ""
        return text(found, "gitVersion") if isinstance(found, dict) else ""

    def first(self, kind: str) -> None:
        """Ask for one object of a kind, to see whether that is allowed. Raises SourceUnavailable."""
        self._get(PATHS[kind], {"limit": "1"})

    def list(self, kind: str) -> Iterator[Object]:
        """All objects of a kind. Raises SourceUnavailable."""
        following = ""
        for _ in range(MOST_PAGES):
            found = self._get(PATHS[kind], {"limit": str(PAGE)} | ({"continue": following} if following else {}))
            if not isinstance(found, dict) or not isinstance(found.get("items"), list):
                raise SourceUnavailable(
                    f"{self.address}{PATHS[kind]}: the answer is no list; is this a Kubernetes API?"
                )
            yield from many(found, "items")
            following = text(part(found, "metadata"), "continue")
            if not following:
                return
        raise SourceUnavailable(
            f"{self.address}{PATHS[kind]}: more than {MOST_PAGES * PAGE:,} objects, or no end of them"
        )

    def _get(self, path: str, params: dict[str, str]) -> Any:  # noqa: ANN401 - whatever it answers
        import urllib3  # noqa: PLC0415 - slow to import

        address, timeout = f"{self.address}{path}", self._settings.timeout
        try:
            with within(WHOLE * timeout, self._hang_up) as over:
                return self._answer(address, params)
        except SourceUnavailable as error:  # without a length, one that was cut looks like a whole one
            if over.is_set():
                raise SourceUnavailable(f"{address}: {too_long(timeout)}") from error
            raise
        except (urllib3.exceptions.HTTPError, OSError) as error:
            reason = too_long(timeout) if over.is_set() else _reason(error, timeout)
            raise SourceUnavailable(f"{address}: {reason}") from error

    def _answer(self, address: str, params: dict[str, str]) -> Any:  # noqa: ANN401 - whatever it answers
        pool = self._pool.connection_from_url(address)
        pool.ConnectionCls = _noted(pool.ConnectionCls, self._connections)
        answer = self._pool.request(
            "GET",
            address,
            fields=params,
            headers=self._headers(),
            preload_content=False,
            redirect=False,
            retries=False,
            timeout=self._settings.timeout,
        )
        with answer:
            return self._read(address, answer)

    def _hang_up(self) -> None:
        for connection in self._connections:
            cut(connection)

    def _read(self, address: str, answer: Any) -> Any:  # noqa: ANN401 - urllib3's answer, and whatever is in it
        if answer.status >= 300:  # noqa: PLR2004 - a redirection is no answer either
            means = _MEANS.get(answer.status, "the server did not answer as asked")
            raise Refused(f"{address}: HTTP {answer.status}: {means}", answer.status)
        parts, size = [], 0
        for piece in answer.stream(65536, decode_content=True):
            size += len(piece)
            if size > self._settings.max_bytes:
                raise SourceUnavailable(f"{address}: the answer is larger than the max_bytes allowed")
            parts.append(piece)
        try:
            return parse_json(b"".join(parts))
        except (ValueError, RecursionError) as error:
            raise SourceUnavailable(f"{address}: the answer is no JSON: {error}") from error

    def _headers(self) -> dict[str, str]:
        settings = self._configuration.auth_settings().values()
        said = {item["key"]: item["value"] for item in settings if item["in"] == "header" and item["value"]}
        for name, value in said.items():
            if not value.isascii() or not value.isprintable():  # the library's own error would print the secret
                raise SourceUnavailable(
                    f"{self.address}: the secret for {name} holds characters that HTTP does not allow"
                )
        return {"accept": "application/json", **said}


def _noted(kind: Any, connections: list[Any]) -> Any:  # noqa: ANN401 - has no types
    """The pool's class of connections, which remembers the last one: an answer does not give it before it has begun."""
    if hasattr(kind, "noted"):
        return kind

    class Noted(kind):  # type: ignore[misc] # has no types
        noted = True

        def connect(self) -> None:
            super().connect()
            connections[:] = [self.sock]

    return Noted


@contextmanager
def connect(settings: KubernetesSettings) -> Iterator[Cluster]:
    """A cluster to ask. Raises SourceUnavailable where the kubeconfig, token or certificate cannot be used."""
    import urllib3  # noqa: PLC0415 - slow to import

    client = (_by_kubeconfig if settings.kubeconfig else _by_address)(settings)
    if not client.configuration.verify_ssl:  # the settings say so; once is enough
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    try:
        yield Cluster(settings, client)
    finally:
        client.rest_client.pool_manager.clear()


def _by_kubeconfig(settings: KubernetesSettings) -> Any:  # noqa: ANN401 - has no types
    import yaml  # noqa: PLC0415 - slow to import
    from kubernetes import config  # noqa: PLC0415 - slow to import

    make: Callable[..., Any] = config.new_client_from_config
    try:
        return make(str(settings.kubeconfig), context=settings.context or None, persist_config=False)
    except (config.ConfigException, yaml.YAMLError, OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        reason = str(error).splitlines()[0] if isinstance(error, config.ConfigException | OSError) else "no kubeconfig"
        raise SourceUnavailable(f"kubeconfig {settings.kubeconfig}: cannot be used: {reason}") from error


def _by_address(settings: KubernetesSettings) -> Any:  # noqa: ANN401 - has no types
    from kubernetes import client  # noqa: PLC0415 - slow to import

    configuration = client.Configuration()
    configuration.host, configuration.verify_ssl = settings.url, settings.verify_tls
    if settings.ca_file:
        if not settings.ca_file.is_file():
            raise SourceUnavailable(f"ca_file: {settings.ca_file}: there is no such file")
        configuration.ssl_ca_cert = str(settings.ca_file)
    token = read_secret(settings.token)
    if token:
        configuration.api_key = {"BearerToken": token}
        configuration.api_key_prefix = {"BearerToken": "Bearer"}
    return client.ApiClient(configuration)


def _reason(error: Exception, timeout: float) -> str:
    said = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return "its certificate is not trusted; name the authority's certificate in ca_file"
    if "timed out" in said.casefold():
        return f"no answer within {timeout:g} s; is it the right address, and does a firewall let it through?"
    return said.rpartition(": ")[2] or type(error).__name__
