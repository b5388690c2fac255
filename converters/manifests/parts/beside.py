"""What stands beside a VM: Services and Routes to its ports, and the PriorityClass that it names."""

from mtv.converters.manifests.claims import metadata
from mtv.converters.manifests.names import hashed, is_label
from mtv.converters.manifests.shape import Shape
from mtv.model.estate import Json
from mtv.model.plans import Door


def services(shape: Shape) -> list[dict[str, Json]]:
    """One Service for all its ports, of the VM's own name: that is the name which others use."""
    doors = shape.wanted.services
    if not doors:
        return []
    service: dict[str, Json] = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(shape, _service(shape), {}),
        "spec": {
            "ports": [_port(door) for door in doors],
            "selector": {"app.kubernetes.io/name": shape.name},
            "type": "ClusterIP",
        },
    }
    return [service, *(_route(shape, door) for door in doors if door.route)]


def _service(shape: Shape) -> str:
    """A Service's name must begin with a letter; a VM's need not."""
    return shape.name if shape.name[0].isalpha() and is_label(shape.name) else hashed("vm", shape.name)


def _called(door: Door) -> str:
    return door.name or f"{door.protocol.lower()}-{door.port}"


def _port(door: Door) -> dict[str, Json]:
    return {"name": _called(door), "port": door.port, "protocol": door.protocol, "targetPort": door.port}


def _route(shape: Shape, door: Door) -> dict[str, Json]:
    """TLS goes through untouched, for the VM has the certificate; plain HTTP is port 80."""
    spec: dict[str, Json] = {
        "host": door.route,
        "port": {"targetPort": _called(door)},
        "to": {"kind": "Service", "name": _service(shape), "weight": 100},
    }
    if door.port != 80:
        spec["tls"] = {"termination": "passthrough"}
    name = hashed(shape.name, f"{shape.name}\0{door.port}")
    return {
        "apiVersion": "route.openshift.io/v1",
        "kind": "Route",
        "metadata": metadata(shape, name, {}),
        "spec": spec,
    }


def priority_class(name: str, value: int) -> dict[str, Json]:
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "description": "Restart priority of VMs, as their source had it",
        "kind": "PriorityClass",
        "metadata": {"labels": {"app.kubernetes.io/managed-by": "mtv"}, "name": name},
        "value": value,
    }
