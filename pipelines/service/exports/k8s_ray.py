"""A run as a RayJob of KubeRay, on a cluster that lives as long as the run, and what makes one at each fire."""

from collections.abc import Sequence
from typing import Any

_WORKERS = 2
_CPUS = 4
_MEMORY = "16Gi"
_GONE_SECONDS = 60
_KUBECTL = "registry.k8s.io/kubectl:v1.34.1"


def ray_job(name: str, entrypoint: str, pod: dict[str, Any], limit: dict[str, int]) -> dict[str, Any]:
    """The RayJob: the whole run is its driver, and the build spreads over all its nodes.

    It has the schedule's name, so that a fire finds one that is not over and makes no second.
    """
    spec: dict[str, Any] = {
        "entrypoint": entrypoint,
        "submissionMode": "K8sJobMode",
        "backoffLimit": 0,
        **limit,
        "shutdownAfterJobFinishes": True,
        "ttlSecondsAfterFinished": _GONE_SECONDS,
        "rayClusterSpec": {
            "headGroupSpec": {"rayStartParams": {"dashboard-host": "0.0.0.0"}, "template": _node("ray-head", pod, ())},
            "workerGroupSpecs": [
                {
                    "groupName": "workers",
                    "replicas": _WORKERS,
                    "minReplicas": _WORKERS,
                    "maxReplicas": _WORKERS,
                    "rayStartParams": {},
                    "template": _node("ray-worker", pod, ("envFrom",)),
                }
            ],
        },
    }
    return {"apiVersion": "ray.io/v1", "kind": "RayJob", "metadata": {"name": name}, "spec": spec}


def _node(name: str, pod: dict[str, Any], left_out: Sequence[str]) -> dict[str, Any]:
    """The pod of a node: the build's own without its command, with what it may use; only the head has secrets."""
    container = {key: value for key, value in pod["containers"][0].items() if key not in ("command", *left_out)}
    resources = {kind: {"cpu": str(_CPUS), "memory": _MEMORY} for kind in ("requests", "limits")}
    return {"spec": {"containers": [{**container, "name": name, "resources": resources}], "volumes": pod["volumes"]}}


def maker(name: str) -> dict[str, Any]:
    """The pod that makes the RayJob; one that is there yet is left alone, and the fire is skipped."""
    command = ["kubectl", "create", "-f", "/job/rayjob.yaml"]
    return {
        "restartPolicy": "Never",
        "serviceAccountName": name,
        "containers": [
            {
                "name": "kubectl",
                "image": _KUBECTL,
                "command": command,
                "volumeMounts": [{"name": "job", "mountPath": "/job"}],
            }
        ],
        "volumes": [{"name": "job", "configMap": {"name": name}}],
    }


def rights(name: str) -> list[dict[str, Any]]:
    """An account that may make RayJobs and nothing else."""
    group, meta = "rbac.authorization.k8s.io", {"name": name}
    rules = [{"apiGroups": ["ray.io"], "resources": ["rayjobs"], "verbs": ["create"]}]
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta},
        {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": meta, "rules": rules},
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": meta,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name}],
        },
    ]
