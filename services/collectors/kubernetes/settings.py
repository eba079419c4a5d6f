"""Settings of a source that is a Kubernetes cluster."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from events.models import LONGEST_NAME
from services.collectors.secret import SecretPlace
from services.collectors.web import WebSettings


class KubernetesSettings(WebSettings):
    """One cluster: files that kubectl wrote, or its API by a kubeconfig or by address and token."""

    paths: list[Path] = Field(default=[], description="files of `kubectl get -o json`, or folders with them")
    kubeconfig: Path | None = Field(default=None, description="file with the cluster's address and credentials")
    context: str = Field(default="", description="context in the kubeconfig; empty: its current one")
    token: SecretPlace = Field(default="", description="where the token for `url` is")
    cluster: str = Field(
        default="",
        max_length=LONGEST_NAME,
        description="what the cluster is called; empty: the context, the address, or the first path's name",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(map(bool, (self.paths, self.kubeconfig, self.url))) != 1:
            raise ValueError("say one of paths, kubeconfig and url")
        if self.token and not self.url:
            raise ValueError("token: is for url; a kubeconfig has its own")
        return self
