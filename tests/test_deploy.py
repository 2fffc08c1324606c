"""The Dockerfile and the files in deploy/, held against the image, the settings and each other."""

import re
import tomllib
from pathlib import Path

import pytest
from support.deployments import FOLDER, PLATFORMS, SECRET, keys, read_toml, read_yaml
from support.image import Stage, read_stages

from bridge import lossy
from bridge.mappings import load_texts
from bridge.settings import Settings, declared_settings

ROOT = Path(__file__).resolve().parents[1]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
STAGES = read_stages(ROOT / "Dockerfile")
IMAGE = [*STAGES.values()][-1]
PAGE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")


def environ(stage: Stage) -> dict[str, str]:
    """Give what a stage sets for whatever runs in it."""
    words = [word for step in stage.steps if step.instruction == "ENV" for word in step.words]
    return dict(word.split("=", 1) for word in words)


# --- the Dockerfile ------------------------------------------------------------------------------------------------


def test_the_base_is_one_build_of_a_python_that_is_tested() -> None:
    """A tag moves; a digest does not. All other stages stand on that one, or on nothing."""
    parents = {stage.parent for stage in STAGES.values()}
    [base] = parents - set(STAGES) - {"scratch"}
    found = re.fullmatch(r"python:(\d+\.\d+)\.\d+-slim-[a-z]+@sha256:[0-9a-f]{64}", base)
    assert found
    assert f"python{found[1]}" in (ROOT / "bin" / "setup").read_text()


def test_the_image_runs_without_rights_and_takes_signals() -> None:
    """A number for a user, so that Kubernetes can see that it is not root; no shell between engine and bridge."""
    user = IMAGE.last("USER").value
    assert re.fullmatch(r"(\d+):\1", user)
    assert int(user.split(":")[0]) > 999
    assert IMAGE.last("ENTRYPOINT").value.startswith("[")
    assert IMAGE.last("CMD").words == ["serve"]
    assert IMAGE.last("HEALTHCHECK").value.partition(" CMD ")[2].startswith("[")
    assert IMAGE.last("STOPSIGNAL").value == "SIGTERM"


def test_the_image_tells_the_version() -> None:
    """Its label moves with the project's."""
    assert f'org.opencontainers.image.version="{VERSION}"' in IMAGE.last("LABEL").value


def test_the_image_keeps_its_data_on_the_volume() -> None:
    """The settings of the image are settings, and name its places."""
    settings = Settings.from_environ(environ(IMAGE))
    [volume] = IMAGE.last("VOLUME").words
    assert Path(settings.database.removeprefix("sqlite:///")).parent == Path(volume)
    assert IMAGE.last("WORKDIR").value == volume
    assert IMAGE.last("EXPOSE").value == str(settings.port)
    assert settings.host == "0.0.0.0"  # noqa: S104  # in a container


def test_the_builder_gets_what_the_dockerfile_copies_and_no_more() -> None:
    """What .dockerignore lets through is what is copied, and is there."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    passed = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copies = [step for stage in STAGES.values() for step in stage.steps if step.instruction == "COPY"]
    copied = {source for step in copies if "from" not in step.flags for source in step.words[:-1]}
    assert "*" in lines
    assert copied == passed
    assert all((ROOT / source).exists() for source in copied)


# --- the platforms -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLATFORMS)
def test_what_is_set_is_a_setting_or_a_secret(name: str) -> None:
    """Every name is one that the bridge reads, or the adapter of Lambda; a value is one that it takes."""
    given = PLATFORMS[name]().environ
    known = {setting.name for setting in declared_settings()}
    assert {variable for variable in given if not re.match(r"AWS_LWA_|[A-Z]+_WEBHOOK_SECRET$", variable)} <= known
    assert {"PINDOWN_API_KEY", "PINBRIDGE_METRICS_TOKEN"} <= {key for key, value in given.items() if value == SECRET}
    assert all(value == SECRET for key, value in given.items() if re.search(r"(KEY|TOKEN|SECRET)$", key))
    Settings.from_environ(given)


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_deployment_fits_the_image(name: str) -> None:
    """Its version, its port, its volume, its folder of mappings, its addresses to look at."""
    deployment = PLATFORMS[name]()
    assert deployment.image.endswith(f"pinbridge:{VERSION}")
    assert deployment.port == int(environ(IMAGE)["PORT"])
    assert deployment.probes <= {"/healthz", "/readyz"}
    [volume] = IMAGE.last("VOLUME").words
    assert deployment.mounts.keys() <= {volume, environ(IMAGE)["PINBRIDGE_MAPPINGS"]}
    assert {path for path, writable in deployment.mounts.items() if writable} <= {volume}


@pytest.mark.parametrize("name", PLATFORMS)
def test_one_process_has_the_database_and_time_to_end(name: str) -> None:
    """A bridge ends within ten seconds; where the platform lets that be said, it is given more."""
    deployment = PLATFORMS[name]()
    assert deployment.instances == 1
    assert deployment.grace_s is None or deployment.grace_s > 10


@pytest.mark.parametrize("name", PLATFORMS)
def test_pins_are_updated_before_the_answer_where_the_disk_does_not_last(name: str) -> None:
    """And after it where it does: there the answer waits for nothing but the disk."""
    deployment = PLATFORMS[name]()
    delivery = deployment.environ.get("PINBRIDGE_DELIVERY", "background")
    assert delivery == ("background" if deployment.lasting else "inline")


@pytest.mark.parametrize("name", PLATFORMS)
def test_the_bridge_and_the_page_agree_on_what_lasts(name: str) -> None:
    """Where the page says that nothing lasts, a mapping with `state` is refused, and nowhere else."""
    known = {platform.name: platform for platform in lossy.PLATFORMS}
    assert PLATFORMS[name]().lasting == (name not in known or known[name].has_volumes)


def test_compose_and_kubernetes_take_all_rights_away() -> None:
    """A read-only tree, no capability, no way to more rights, the image's user."""
    [service] = read_yaml("compose.yaml")["services"].values()
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    pod = read_yaml("kubernetes/deployment.yaml")["spec"]["template"]["spec"]
    uid = int(IMAGE.last("USER").value.split(":")[0])
    assert {pod["securityContext"][key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {uid}
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_parts_for_kubernetes_belong_together() -> None:
    """Every file is listed, and what one names another has; the old pod ends before the new one begins."""
    files = {path.name for path in (FOLDER / "kubernetes").iterdir()} - {"kustomization.yaml"}
    kustomization = read_yaml("kubernetes/kustomization.yaml")
    assert set(kustomization["resources"]) == files
    assert [image["newTag"] for image in kustomization["images"]] == [VERSION]
    spec = read_yaml("kubernetes/deployment.yaml")["spec"]
    assert spec["strategy"] == {"type": "Recreate"}
    claims = {part["persistentVolumeClaim"]["claimName"] for part in spec["template"]["spec"]["volumes"][:1]}
    assert claims == {read_yaml("kubernetes/volume.yaml")["metadata"]["name"]}
    mounted = spec["template"]["spec"]["volumes"][1]["configMap"]["name"]
    assert mounted == read_yaml("kubernetes/mappings.yaml")["metadata"]["name"]
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == labels == read_yaml("kubernetes/service.yaml")["spec"]["selector"]


def test_the_mapping_for_kubernetes_is_one() -> None:
    """What stands in the ConfigMap loads."""
    texts = read_yaml("kubernetes/mappings.yaml")["data"]
    assert [*load_texts({name: text.encode() for name, text in texts.items()}, {}).mappings] == ["sales"]


WORDS = {
    "cloud-run/service.yaml": """
        apiVersion kind metadata name annotations spec template containerConcurrency timeoutSeconds containers image
        ports containerPort env value valueFrom secretKeyRef key resources limits cpu memory
        startupProbe httpGet path port periodSeconds failureThreshold
        autoscaling.knative.dev/minScale autoscaling.knative.dev/maxScale
        run.googleapis.com/cpu-throttling run.googleapis.com/startup-cpu-boost
    """,
    "azure/containerapp.yaml": """
        properties managedEnvironmentId configuration activeRevisionsMode ingress external allowInsecure targetPort
        transport registries server identity secrets name value template terminationGracePeriodSeconds containers image
        resources cpu memory env secretRef probes type httpGet path port periodSeconds failureThreshold
        volumeMounts volumeName mountPath scale minReplicas maxReplicas volumes storageType
    """,
    "fly/fly.toml": """
        app primary_region kill_signal kill_timeout build image http_service internal_port force_https
        auto_stop_machines auto_start_machines min_machines_running checks method path interval timeout grace_period
        mounts source destination initial_size restart policy vm size memory
    """,
    "render/render.yaml": """
        services type name runtime image url plan region numInstances healthCheckPath maxShutdownDelaySeconds
        disk mountPath sizeGB envVars key sync
    """,
}
"""The keys that these files may have, from https://cloud.google.com/run/docs/reference/yaml/v1,
https://learn.microsoft.com/azure/container-apps/azure-resource-manager-api-spec,
https://fly.io/docs/reference/configuration and https://render.com/docs/blueprint-spec:
nothing that reads them can be had here, and a misspelt key is passed over there."""


@pytest.mark.parametrize("name", WORDS)
def test_no_key_is_misspelt_where_nothing_else_would_tell(name: str) -> None:
    """A key that is not listed is looked up in the reference, and then listed."""
    document = read_toml(name) if name.endswith(".toml") else read_yaml(name)
    assert set(keys(document)) <= set(WORDS[name].split())


# --- the page ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Docker", *PLATFORMS])
def test_each_platform_has_a_section_that_says_what_lasts(name: str) -> None:
    """What to copy, what to run, and which durability it gives."""
    found = re.search(rf"^## {re.escape(name)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    assert "```console" in found[1]
    assert "**What lasts.**" in found[1]
    assert name == "Docker" or "](../deploy/" in found[1]


def test_the_command_for_docker_fits_the_image() -> None:
    """It takes all rights away, and mounts what the image has."""
    [command] = re.findall(r"^docker run --detach(?:.*\\\n)*.*$", PAGE, re.MULTILINE)
    [volume] = IMAGE.last("VOLUME").words
    for option in ("--read-only", "--cap-drop ALL", "--security-opt no-new-privileges", f":{volume} ", ":/mappings:ro"):
        assert option in command
    assert command.endswith(f"pinbridge:{VERSION}")


def test_every_version_that_is_named_is_this_one() -> None:
    """In the page, the Dockerfile's head and all of deploy/."""
    files = [ROOT / "Dockerfile", *(path for path in FOLDER.rglob("*") if path.is_file())]
    for text in [PAGE, *(path.read_text(encoding="utf-8") for path in files)]:
        assert set(re.findall(r"pinbridge:(\d[\w.]*)", text)) <= {VERSION}
