"""Kubernetes: hand-made lists of a small cluster, from files and over TLS from a real server; samples; bad input."""

import copy
import datetime as dt
import ipaddress
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from services.collectors import COLLECTORS
from services.collectors.base import SourceUnavailable
from services.collectors.kubernetes import api as kubernetes_api
from services.collectors.kubernetes.api import PATHS
from services.collectors.kubernetes.settings import KubernetesSettings
from tests.services.collectors.checks import collected, identifiers, reasons, related
from tests.services.collectors.hostile import BODY, HEADERS, answering
from tests.whole.samples import SAMPLES, reads_samples

DATA = Path(__file__).parents[2] / "data" / "kubernetes"
LISTS = {path.stem: json.loads(path.read_text()) for path in sorted(DATA.iterdir())}
TOKEN = "t0ken-of-the-test"


def write(folder, name, value):
    path = folder / name
    path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
    return path


def by_name(drafts):
    return {draft.sections["core"].name: draft for draft in drafts}


def ends(draft, section):
    return {(item.type, item.to.kind, item.to.value) for item in draft.sections[section].relations}


def test_the_cluster_its_nodes_and_its_workloads_are_records():
    drafts, report = collected("kubernetes", DATA, cluster="rathaus")

    assert {(draft.kind, draft.sections["core"].name) for draft in drafts} == {
        ("Cluster", "rathaus"),
        ("Server", "k8s-1"),
        ("VirtualMachine", "k8s-2"),
        ("Workload", "portal/web"),
        ("Workload", "portal/api"),
        ("Workload", "portal/db"),
        ("Workload", "portal/agent"),
        ("Workload", "portal/report"),
        ("Workload", "portal/debug"),
        ("Workload", "kube-system/etcd-k8s-1"),
    }  # not the job that is done, nor the pod that has ended
    assert report.counts == {"seen": 11}


def test_a_node_is_named_by_what_names_the_machine():
    node = by_name(collected("kubernetes", DATA, cluster="rathaus")[0])["k8s-1"]

    assert identifiers(node) == {
        ("smbios-uuid", "7d3f0a52-1b1e-4f7c-9a55-0f5b5a1c0001"),
        ("machine-id", "7d3f0a521b1e4f7c9a550f5b5a1c0001"),
        ("hostname", "k8s-1"),
        ("ip", "192.0.2.11"),
    }
    assert node.sections["core"].properties["memory_mib"] == 16384
    assert related(node, "HAS_OS")[0].properties == {"full_name": "Debian GNU/Linux 12 (bookworm)"}
    assert {(item.properties["name"], item.properties["version"]) for item in related(node, "INSTALLED")} == {
        ("kubelet", "v1.29.3"),
        ("containerd", "1.7.2"),
    }
    assert ends(node, "cluster") == {("MEMBER_OF", "Cluster", "rathaus")}


def test_nodes_that_share_their_firmware_are_not_named_by_it(tmp_path):
    """Nodes that are containers have the UUID of their host, and cloned ones the machine-id of the first."""
    lists = copy.deepcopy(LISTS)
    for item in lists["nodes"]["items"]:
        item["status"]["nodeInfo"] |= {"systemUUID": "7D3F0A52-1B1E-4F7C-9A55-0F5B5A1C0009", "machineID": "ab" * 16}
    for name, value in lists.items():
        write(tmp_path, f"{name}.json", value)
    told = by_name(collected("kubernetes", tmp_path, cluster="rathaus")[0])

    assert {scheme for name in ("k8s-1", "k8s-2") for scheme, _ in identifiers(told[name])} == {"hostname", "ip"}
    assert {value for _, _, value in ends(told["portal/web"], "placement")} <= {"k8s-1", "k8s-2"}


def test_a_workload_runs_on_the_cluster_and_is_degraded_by_the_nodes_of_its_pods():
    web = by_name(collected("kubernetes", DATA, cluster="rathaus")[0])["portal/web"]

    assert ends(web, "cluster") == {("RUNS_ON", "Cluster", "rathaus")}
    assert ends(web, "placement") == {
        ("DEPENDS_ON", "Server", "7d3f0a52-1b1e-4f7c-9a55-0f5b5a1c0001"),
        ("DEPENDS_ON", "VirtualMachine", "7d3f0a52-1b1e-4f7c-9a55-0f5b5a1c0002"),
    }
    assert {item.properties["strength"] for item in web.sections["placement"].relations} == {"degrades"}


def test_a_pod_that_is_not_started_elsewhere_runs_on_its_node_and_a_daemon_set_on_none():
    found = by_name(collected("kubernetes", DATA, cluster="rathaus")[0])

    for name in ("portal/debug", "kube-system/etcd-k8s-1"):
        assert ends(found[name], "placement") == {("RUNS_ON", "Server", "7d3f0a52-1b1e-4f7c-9a55-0f5b5a1c0001")}
    assert ends(found["portal/agent"], "placement") == set()


def test_images_are_software():
    found = by_name(collected("kubernetes", DATA, cluster="rathaus")[0])

    assert [item.properties for item in related(found["portal/web"], "INSTALLED")] == [
        {"name": "library/nginx", "version": "1.25.3", "package_type": "oci", "purl": "pkg:docker/library/nginx@1.25.3"}
    ]
    (api,) = related(found["portal/api"], "INSTALLED")
    assert (api.properties["name"], api.properties["version"]) == ("portal/api", "4.2")
    assert api.properties["purl"].startswith(
        f"pkg:oci/api@sha256:{'a' * 64}?repository_url=registry.musterstadt.example:5000"
    )
    assert related(found["portal/debug"], "INSTALLED")[0].properties["version"] == "latest"
    assert related(found["portal/report"], "INSTALLED")[0].properties["name"] == "portal/report"


def test_dependencies_come_from_the_services_and_volumes_that_a_workload_uses():
    found = by_name(collected("kubernetes", DATA, cluster="rathaus")[0])

    assert ends(found["portal/web"], "dependencies") == {
        ("DEPENDS_ON", "Workload", "kubernetes:u-api"),
        ("DEPENDS_ON", "ExternalService", "pay.bank.example"),
    }
    assert ends(found["portal/api"], "dependencies") == {("DEPENDS_ON", "Workload", "kubernetes:u-db")}
    assert ends(found["portal/api"], "storage") == {("DEPENDS_ON", "StorageSystem", "filer1.musterstadt.example")}
    assert ends(found["portal/db"], "storage") == {("DEPENDS_ON", "StorageSystem", "192.0.2.50")}
    assert found["portal/web"].sections["exposure"].properties == {"hosts": "portal.musterstadt.example"}
    assert found["portal/web"].sections["core"].properties["part_of"] == "buergerportal"


def test_no_value_of_the_environment_is_said():
    said = " ".join(draft.model_dump_json() for draft in collected("kubernetes", DATA, cluster="rathaus")[0])

    assert not [word for word in ("geheim", "DB_PASSWORD", "LOG_LEVEL", "API_URL") if word in said]


def test_a_rescheduled_pod_changes_the_placement_alone(tmp_path):
    moved = copy.deepcopy(LISTS)
    pod = next(item for item in moved["pods"]["items"] if item["metadata"]["name"].startswith("api-"))
    pod["metadata"]["name"], pod["spec"]["nodeName"] = "api-77c9-ddddd", "k8s-1"
    pod["status"]["containerStatuses"][0]["restartCount"] = 9
    for name, content in moved.items():
        write(tmp_path, f"{name}.json", content)

    before, after = (by_name(collected("kubernetes", path, cluster="rathaus")[0]) for path in (DATA, tmp_path))
    changed = {
        (name, section)
        for name, draft in before.items()
        for section, content in draft.sections.items()
        if content != after[name].sections[section]
    }
    assert changed == {("portal/api", "placement")}


def test_what_no_file_tells_of_is_not_said_to_be_none(tmp_path):
    write(tmp_path, "d.json", LISTS["deployments"])

    found = by_name(collected("kubernetes", tmp_path, cluster="rathaus")[0])
    assert set(found["portal/web"].sections) == {"core", "software", "cluster"}


def test_pods_alone_give_the_workloads_they_belong_to(tmp_path):
    pods = copy.deepcopy(LISTS["pods"])
    for item in pods["items"]:
        item["metadata"]["labels"]["pod-template-hash"] = "5d6f"
    write(tmp_path, "pods.json", pods)

    found = by_name(collected("kubernetes", tmp_path, cluster="rathaus")[0])
    assert found["portal/web"].native_key == "workload rathaus portal Deployment/web"
    assert found["portal/report"].native_key == "workload rathaus portal CronJob/report"
    assert "portal/api-77c9" in found  # another hash: only the replica set is sure


@pytest.mark.parametrize("name", sorted(set(LISTS) - {"pods"}))
def test_the_kind_of_an_item_that_does_not_say_it_is_told_by_the_list_or_the_shape(tmp_path, name):
    bare = {"items": LISTS[name]["items"]}
    items = [item | {"kind": LISTS[name]["kind"].removesuffix("List")} for item in LISTS[name]["items"]]

    shapes, listed, named = (
        collected("kubernetes", write(tmp_path, "x.json", content), cluster="c")[0]
        for content in (bare, LISTS[name], {"kind": "List", "items": items})
    )
    assert listed == named
    if name != "replicasets":  # their shape in the test is a mere stub
        assert shapes == listed


@pytest.mark.parametrize(
    ("data", "what", "reason"),
    [
        (b"", "failed", "empty"),
        (b'{"items": [', "failed", "not readable as JSON"),
        (b"[" * 200_000, "failed", "not readable as JSON"),
        (b"[1]", "skipped", "no object"),
        (b'{"items": []}', "skipped", "a list of nothing"),
        (b'{"kind": "SecretList", "items": [{"data": {"a": "Z2VoZWlt"}}]}', "skipped", "Secret"),
        (b'{"kind": "Status", "status": "Failure"}', "skipped", "Status"),
    ],
)
def test_a_bad_file_is_named_with_its_reason_and_the_rest_goes_on(tmp_path, data, what, reason):
    write(tmp_path, "a-bad.json", data)
    write(tmp_path, "b-good.json", LISTS["statefulsets"])

    drafts, report = collected("kubernetes", tmp_path, cluster="c")
    assert set(by_name(drafts)) == {"c", "portal/db"}
    assert report.counts == {"seen": 2, what: 1}
    assert reason in reasons(report)["a-bad.json"]


@pytest.mark.parametrize("odd", [None, 7, "x", [], {}, [1], [{}], {"a": {"b": [1]}}, "\ud800", "x" * 9000])
def test_fields_of_an_odd_type_are_left_out(tmp_path, odd):
    for name, content in LISTS.items():
        changed = copy.deepcopy(content)
        for item in changed["items"]:
            for part in (item, item["spec"], item.get("status", {}), item["metadata"]):
                for key in [key for key in part if key not in {"kind", "metadata", "spec", "name"}]:
                    again = copy.deepcopy(content)
                    again["items"] = [copy.deepcopy(item)]
                    for place in (
                        again["items"][0],
                        *(again["items"][0].get(k, {}) for k in ("spec", "status", "metadata")),
                    ):
                        if key in place:
                            place[key] = odd
                    _, report = collected("kubernetes", write(tmp_path, f"{name}.json", again), cluster="c")
                    assert not report.counts["failed"]


def test_settings_name_one_way_to_the_cluster():
    for settings in ({}, {"url": "https://k8s.example", "kubeconfig": "x"}, {"kubeconfig": "x", "token": "env:T"}):
        with pytest.raises(ValidationError):
            KubernetesSettings.model_validate(settings)


@reads_samples
def test_the_samples_are_read():
    drafts, report = collected("kubernetes", SAMPLES / "kubernetes-list")

    assert sorted(draft.kind for draft in drafts) == sorted(
        ["Cluster", *["Server"] * 2, *["VirtualMachine"] * 5, *["Workload"] * 6]
    )  # 7 nodes, 5 of them of a provider; 4 deployments, 1 stateful set, and 1 pod's deployment
    assert report.counts == {"seen": 5, "skipped": 1}
    said = " ".join(draft.model_dump_json() for draft in drafts)
    assert "schemahero/schemahero" in said
    assert "IvWItkB8" not in said  # a key in an annotation


class Api:
    """A real HTTPS server that answers as the API does, in pages of two."""

    def __init__(self, folder):
        self.asked, self.refused, self.fails = [], {}, {}
        self.ca = folder / "ca.pem"
        certificate, key = _certificate(folder, self.ca)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path, query, authorization):
        self.asked.append((path, query.get("limit", [""])[0]))
        if authorization != f"Bearer {TOKEN}":
            return 401, {"kind": "Status"}
        if path in self.refused:
            return self.refused[path], {"kind": "Status"}
        if path == "/version":
            return 200, {"gitVersion": "v1.29.3"}
        content = self.fails.get(path) or LISTS[path.rpartition("/")[2]]
        start = int(query.get("continue", ["0"])[0])
        following = {"continue": str(start + 2)} if start + 2 < len(content["items"]) else {}
        return 200, content | {"metadata": following, "items": content["items"][start : start + 2]}

    def _handler(api):  # noqa: N805 - the handler has a self of its own
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                parts = urlsplit(self.path)
                status, body = api.answer(parts.path, parse_qs(parts.query), self.headers.get("authorization"))
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        return Handler


def _certificate(folder, ca):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the test's own authority")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    ca.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = folder / "key.pem"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return ca, private


@pytest.fixture
def api(tmp_path, monkeypatch):
    monkeypatch.setenv("K8S_TOKEN", TOKEN)
    with Api(tmp_path) as running:
        yield running


def live(api, **changes):
    return {"url": api.url, "token": "env:K8S_TOKEN", "ca_file": api.ca, "cluster": "rathaus", **changes}


def kubeconfig(api, folder, token=TOKEN):
    text = f"""
apiVersion: v1
kind: Config
current-context: rathaus
contexts: [{{name: rathaus, context: {{cluster: c, user: u}}}}]
clusters: [{{name: c, cluster: {{server: "{api.url}", certificate-authority: "{api.ca}"}}}}]
users: [{{name: u, user: {{token: {token}}}}}]
"""
    return write(folder, "kubeconfig", text.encode())


def test_the_api_gives_the_same_as_the_files_page_by_page(api):
    drafts, report = collected("kubernetes", **live(api))

    by_files = by_name(collected("kubernetes", DATA, cluster="rathaus")[0])
    found = by_name(drafts)
    assert related(found["rathaus"], "INSTALLED")[0].properties == {"name": "Kubernetes", "version": "1.29.3"}
    assert {name: draft for name, draft in found.items() if name != "rathaus"} == {
        name: draft for name, draft in by_files.items() if name != "rathaus"
    }
    assert report.counts == {"seen": len(PATHS)}
    assert api.asked.count(("/api/v1/pods", "500")) == 5


def test_a_kubeconfig_is_used(api, tmp_path):
    drafts, _ = collected("kubernetes", kubeconfig=kubeconfig(api, tmp_path))

    assert {"rathaus", "portal/web"} <= set(by_name(drafts))  # the cluster is called as the context


def test_a_certificate_that_is_not_trusted_ends_the_run(api):
    with pytest.raises(SourceUnavailable, match="not trusted; name the authority's certificate in ca_file"):
        collected("kubernetes", **live(api, ca_file=None))
    assert api.asked == []


def test_the_certificate_is_not_verified_only_where_the_settings_say_so(api):
    drafts, _ = collected("kubernetes", **live(api, ca_file=None, verify_tls=False))

    assert "portal/web" in by_name(drafts)


def test_a_cluster_that_does_not_say_its_version_is_read(api):
    api.refused["/version"] = 403

    drafts, report = collected("kubernetes", **live(api))
    assert set(by_name(drafts)["rathaus"].sections) == {"core"}
    assert not report.counts["failed"]


def test_a_list_that_changes_while_it_is_read_is_reported(api):
    api.refused["/api/v1/services"] = 410

    _, report = collected("kubernetes", **live(api))
    assert "the next run tries again" in reasons(report)["Service"]


def test_a_token_that_is_not_accepted_ends_the_run_without_being_said(api, monkeypatch, tmp_path):
    monkeypatch.setenv("K8S_TOKEN", "wr0ng")

    for settings in (live(api), {"kubeconfig": kubeconfig(api, tmp_path, "wr0ng")}):
        with pytest.raises(SourceUnavailable, match="HTTP 401: the token is not accepted") as raised:
            collected("kubernetes", **settings)
        assert "wr0ng" not in str(raised.value)


def test_a_list_that_may_not_be_read_is_reported_and_its_sections_are_kept(api):
    api.refused["/api/v1/pods"] = 403

    drafts, report = collected("kubernetes", **live(api))
    assert "placement" not in by_name(drafts)["portal/web"].sections
    assert report.counts == {"seen": len(PATHS), "failed": 1}
    assert "HTTP 403" in reasons(report)["Pod"]
    assert "ClusterRole" in reasons(report)["Pod"]


def test_a_server_that_never_ends_or_answers_something_else_is_left(api, monkeypatch):
    monkeypatch.setattr("services.collectors.kubernetes.api.MOST_PAGES", 3)
    with pytest.raises(SourceUnavailable, match="no end of them"):
        collected("kubernetes", **live(api))

    with pytest.raises(SourceUnavailable, match="larger than the max_bytes allowed"):
        collected("kubernetes", **live(api, max_bytes=500))


@pytest.mark.parametrize("talk", [HEADERS, BODY], ids=["headers", "body"])
def test_an_answer_that_never_ends_is_given_up(monkeypatch, talk):
    monkeypatch.setattr(kubernetes_api, "WHOLE", 2)
    with answering(talk) as port, pytest.raises(SourceUnavailable, match="not complete after"):
        collected("kubernetes", url=f"http://127.0.0.1:{port}", timeout=0.2)


@pytest.mark.parametrize("secret", ["sehr-geheim\nx", "sehr-geheim€"])
def test_a_token_that_no_header_can_hold_is_not_printed(monkeypatch, secret):
    monkeypatch.setenv("KUBERNETES_TOKEN", secret)
    with pytest.raises(SourceUnavailable, match="holds characters that HTTP does not allow") as told:
        collected("kubernetes", url="http://127.0.0.1:1", token="env:KUBERNETES_TOKEN")
    assert "geheim" not in str(told.value) + str(told.value.__cause__)


def test_a_server_that_is_not_there_is_named():
    settings = {"url": "https://127.0.0.1:9", "timeout": 2}
    with pytest.raises(SourceUnavailable, match=r"https://127\.0\.0\.1:9/version: .*refused"):
        collected("kubernetes", **settings)


@pytest.mark.parametrize("text", [b"", b"[", b"a: b: c", b"- 1", b"clusters: 7\ncontexts: 8\ncurrent-context: x"])
def test_a_kubeconfig_that_cannot_be_used_is_named(tmp_path, text):
    with pytest.raises(SourceUnavailable, match=r"kubeconfig .* cannot be used"):
        collected("kubernetes", kubeconfig=write(tmp_path, "kubeconfig", text))


def test_check_tries_each_list_and_says_how_to_grant_what_is_missing(api):
    api.refused["/apis/batch/v1/jobs"] = 403

    checks = list(COLLECTORS["kubernetes"].check(KubernetesSettings.model_validate(live(api))))
    assert {check.what for check in checks} == {
        f"{api.url}: Kubernetes v1.29.3",
        *(f"list {path}" for path in PATHS.values()),
    }
    assert {check.what: "ClusterRole" in check.fault for check in checks if check.fault} == {
        "list /apis/batch/v1/jobs": True
    }
    assert {limit for _, limit in api.asked} == {"", "1"}
