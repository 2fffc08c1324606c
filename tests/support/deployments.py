"""The files in deploy/, each read into the same few facts, so that all can be held to the same promises.

What a platform's file may say is listed as far as these files say it, from the platform's reference: a key that is
misspelt there is ignored at best.
"""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parents[2] / "deploy"
SECRET = "<a-secret-from-elsewhere>"  # a value that is kept elsewhere


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One way to run the image; `grace_s` is None where the platform's own is fixed."""

    environ: dict[str, str]
    image: str
    port: int
    probes: set[str]
    mounts: dict[str, bool]
    """Where something is mounted, and whether it can be written to."""
    instances: int
    grace_s: int | None
    lasting: bool
    """Whether the database outlives the instance."""


class _SamLoader(yaml.SafeLoader):
    """YAML with CloudFormation's tags, of which only the text matters here."""


_SamLoader.add_multi_constructor("!", lambda loader, _, node: loader.construct_scalar(node))


def read_yaml(name: str) -> dict[str, Any]:
    """Read a file with one document."""
    return dict(yaml.load((FOLDER / name).read_text(encoding="utf-8"), _SamLoader))  # noqa: S506  # a SafeLoader


def seconds(text: str | int) -> int:
    """Read `15s` or 15."""
    return int(str(text).removesuffix("s"))


def _secrets() -> dict[str, str]:
    lines = (FOLDER / "pinbridge.env.example").read_text(encoding="utf-8").splitlines()
    return {line.removesuffix("="): SECRET for line in lines if line.endswith("=")}


def _compose() -> Deployment:
    [service] = read_yaml("compose.yaml")["services"].values()
    assert service["env_file"] == ["pinbridge.env"]
    volumes = [volume.split(":") for volume in service["volumes"]]
    return Deployment(
        environ=_secrets(),
        image=service["image"],
        port=int(service["ports"][0].split(":")[-1]),
        probes=set(),
        mounts={parts[1]: parts[2:] != ["ro"] for parts in volumes},
        instances=1,
        grace_s=seconds(service["stop_grace_period"]),
        lasting="data" in read_yaml("compose.yaml")["volumes"],
    )


def _kubernetes() -> Deployment:
    spec = read_yaml("kubernetes/deployment.yaml")["spec"]
    pod = spec["template"]["spec"]
    [container] = pod["containers"]
    [port] = container["ports"]
    probes = [container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")]
    assert {probe["port"] for probe in probes} == {port["name"]}
    assert container["envFrom"] == [{"secretRef": {"name": "pinbridge"}}]
    return Deployment(
        environ=_secrets(),
        image=container["image"],
        port=port["containerPort"],
        probes={probe["path"] for probe in probes},
        mounts={mount["mountPath"]: not mount.get("readOnly") for mount in container["volumeMounts"]},
        instances=spec["replicas"],
        grace_s=pod["terminationGracePeriodSeconds"],
        lasting=any("persistentVolumeClaim" in volume for volume in pod["volumes"]),
    )


def _cloud_run() -> Deployment:
    template = read_yaml("cloud-run/service.yaml")["spec"]["template"]
    [container] = template["spec"]["containers"]
    return Deployment(
        environ={entry["name"]: entry.get("value", SECRET) for entry in container["env"]},
        image=container["image"],
        port=container["ports"][0]["containerPort"],
        probes={container["startupProbe"]["httpGet"]["path"]},
        mounts={},
        instances=int(template["metadata"]["annotations"]["autoscaling.knative.dev/maxScale"]),
        grace_s=None,
        lasting=False,
    )


def _lambda() -> Deployment:
    properties = read_yaml("lambda/template.yaml")["Resources"]["Bridge"]["Properties"]
    text = (FOLDER / "lambda" / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    own = dict(word.split("=", 1) for line in lines if line[0] == "ENV" for word in line[1:])
    given: dict[str, str] = properties["Environment"]["Variables"]
    return Deployment(
        environ=own | {name: SECRET if "resolve:" in value else value for name, value in given.items()},
        image=next(line[1] for line in lines if line[0] == "FROM"),
        port=int(own["AWS_LWA_PORT"]),
        probes={own["AWS_LWA_READINESS_CHECK_PATH"]},
        mounts={},
        instances=properties["ReservedConcurrentExecutions"],
        grace_s=None,
        lasting=False,
    )


def _azure() -> Deployment:
    properties = read_yaml("azure/containerapp.yaml")["properties"]
    configuration, template = properties["configuration"], properties["template"]
    [container] = template["containers"]
    known = {secret["name"] for secret in configuration["secrets"]}
    assert {entry["secretRef"] for entry in container["env"] if "secretRef" in entry} == known
    assert {secret["value"] for secret in configuration["secrets"]} == {""}
    assert {probe["httpGet"]["port"] for probe in container["probes"]} == {configuration["ingress"]["targetPort"]}
    return Deployment(
        environ={entry["name"]: entry.get("value", SECRET) for entry in container["env"]},
        image=container["image"],
        port=configuration["ingress"]["targetPort"],
        probes={probe["httpGet"]["path"] for probe in container["probes"]},
        mounts={mount["mountPath"]: True for mount in container["volumeMounts"]},
        instances=template["scale"]["maxReplicas"],
        grace_s=template["terminationGracePeriodSeconds"],
        lasting=any(volume["storageType"] != "EmptyDir" for volume in template["volumes"]),
    )


def read_toml(name: str) -> dict[str, Any]:
    """Read a file of Fly.io's."""
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def _fly() -> Deployment:
    app = read_toml("fly/fly.toml")
    service = app["http_service"]
    return Deployment(
        environ=_secrets() | app.get("env", {}),
        image=app["build"]["image"],
        port=service["internal_port"],
        probes={check["path"] for check in service["checks"]},
        mounts={mount["destination"]: True for mount in app["mounts"]},
        instances=service["min_machines_running"],
        grace_s=seconds(app["kill_timeout"]),
        lasting=bool(app["mounts"]),
    )


def _render() -> Deployment:
    [service] = read_yaml("render/render.yaml")["services"]
    return Deployment(
        environ={entry["key"]: entry.get("value", SECRET) for entry in service["envVars"]},
        image=service["image"]["url"],
        port=8080,  # Render tells its own in PORT
        probes={service["healthCheckPath"]},
        mounts={service["disk"]["mountPath"]: True},
        instances=service["numInstances"],
        grace_s=service["maxShutdownDelaySeconds"],
        lasting=True,
    )


PLATFORMS: dict[str, Callable[[], Deployment]] = {
    "Compose": _compose,
    "Kubernetes": _kubernetes,
    "Cloud Run": _cloud_run,
    "AWS Lambda": _lambda,
    "Azure Container Apps": _azure,
    "Fly.io": _fly,
    "Render": _render,
}
"""By the heading of their section in docs/deploy.md."""


def keys(value: Any) -> Iterator[str]:
    """Give every key of a document, however deep."""
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys(inner)
