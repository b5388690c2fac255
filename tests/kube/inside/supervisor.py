"""Starts the cluster, takes orders, and ends when nobody is connected any more: the last end of a run of tests."""

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from tests.kube import crds
from tests.kube.api import Api, Object
from tests.kube.building import containers, image, servers
from tests.kube.certificates import Authority
from tests.kube.images.seed import sow
from tests.kube.inside import cgroups, network, relay, settings
from tests.kube.inside.layout import Layout
from tests.kube.inside.memory import keep_databases
from tests.kube.inside.programs import Places, Programs, commands

POLL_S = 0.05
READY_S = 100


def supervise(folder: Path, control: int, door: int, outside: int) -> None:
    asyncio.run(Supervisor(Layout(folder), outside).run(control, door))


class Supervisor:
    def __init__(self, layout: Layout, outside: int) -> None:
        self.layout, self.outside = layout, outside
        self.places = Places(servers(), containers())
        self.programs = Programs(commands(layout, self.places), layout.logs, self.places.path())
        self.orders: dict[str, Callable[..., Awaitable[object]]] = {
            "ready": self.ready, "start": self.start, "stop": self.stop, "expose": self.expose,
            "reach": self.reach, "image": self.load,
        }  # fmt: skip
        self.connected = 0
        self.left = asyncio.Event()

    async def run(self, control: int, door: int) -> None:
        authority = self.certify()
        settings.write(self.layout, self.places.containers / "usr/lib/cni")
        sow(self.layout.folder / "containers")
        keep_databases(self.layout)
        network.bring_up()
        cgroups.make(self.layout.cgroup)
        self.doors = [await relay.relay(socket.socket(fileno=door), relay.inside("127.0.0.1", 443))]
        self.up = asyncio.create_task(self.bring_up(authority))
        async with await asyncio.start_unix_server(self.serve, sock=socket.socket(fileno=control)):
            await self.left.wait()
        self.up.cancel()

    def certify(self) -> Authority:
        authority = Authority.make(self.layout.certificates)
        authority.issue("apiserver", "kube-apiserver")
        authority.issue("admin", "admin", ["system:masters"])
        authority.issue("front-proxy", "front-proxy")
        authority.issue("fakes", "fakes")
        authority.issue_pair("accounts")
        return authority

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected += 1
        try:
            while line := await reader.readline():
                said = json.loads(line)
                writer.write(json.dumps(await self.answer(said.pop("do"), said)).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            pass  # a test's process that was killed says no goodbye
        finally:
            writer.close()
            self.connected -= 1
            if not self.connected:
                self.left.set()

    async def answer(self, do: str, said: Object) -> Object:
        try:
            return {"done": await self.orders[do](**said)}
        except Exception as error:  # told to who asked, whatever it is
            return {"failed": f"{type(error).__name__}: {error}"}

    async def bring_up(self, authority: Authority) -> float:
        began = time.monotonic()
        self.programs.start("containerd")
        self.programs.start("etcd")
        self.programs.start("kube-apiserver")
        loading = asyncio.create_task(self.load(str(image())))
        await self.until("the apiserver", self.answers)
        for name in ("kube-controller-manager", "kube-scheduler", "kubelet"):
            self.programs.start(name)
        api = Api.read(self.layout.admin)
        await asyncio.to_thread(crds.apply, api)
        await loading
        await self.until("the node", partial(node_is_ready, api))
        await self.until("the CRDs", partial(crds.established, api))
        self.programs.start("fakes")
        await self.until("the fakes", self.played)
        return time.monotonic() - began

    async def until(self, what: str, there: Callable[[], bool]) -> None:
        last: object = None
        for _ in range(int(READY_S / POLL_S)):
            if fallen := self.programs.fallen():
                raise RuntimeError(fallen)
            try:
                if await asyncio.to_thread(there):
                    return
            except OSError as error:
                last = error
            await asyncio.sleep(POLL_S)
        raise TimeoutError(f"{what}: not ready in {READY_S} s, {last}; logs are in {self.layout.logs}")

    def answers(self) -> bool:
        return Api.read(self.layout.admin).ask("GET", "/readyz").status == 200

    def played(self) -> bool:
        return (self.layout.folder / "fakes").exists()

    async def ready(self) -> float:
        """Seconds that the start took."""
        return await asyncio.shield(self.up)

    async def start(self, name: str) -> None:
        self.programs.start(name)
        if name == "fakes":
            await self.until("the fakes", self.played)
        if name == "kube-apiserver":
            await self.until("the apiserver", self.answers)

    async def stop(self, name: str) -> None:
        if name == "fakes":
            (self.layout.folder / "fakes").unlink()
        await asyncio.to_thread(self.programs.stop, name)

    async def expose(self, port: int) -> str:
        """The address at which Pods reach what listens there on loopback outside."""
        listening = socket.create_server((network.NODE, 0))
        connect = relay.through(partial(network.socket_of, self.outside), port)
        self.doors.append(await relay.relay(listening, connect))
        return f"{network.NODE}:{listening.getsockname()[1]}"

    async def reach(self, port: int) -> str:
        """The address outside of what listens on the node."""
        listening = network.socket_of(self.outside)
        listening.bind(("127.0.0.1", 0))
        self.doors.append(await relay.relay(listening, relay.inside(network.NODE, port)))
        return f"127.0.0.1:{listening.getsockname()[1]}"

    async def load(self, tar: str) -> None:
        """An image, for Pods that never pull."""
        socket_file = self.layout.runtime
        while not socket_file.exists():
            await asyncio.sleep(POLL_S)
        argv = [
            f"{self.places.containers}/usr/bin/ctr",
            "-a",
            str(socket_file),
            "-n",
            "k8s.io",
            "images",
            "import",
            tar,
        ]
        loading = await asyncio.create_subprocess_exec(
            *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await loading.communicate()
        if loading.returncode:
            raise RuntimeError(f"{tar} cannot be imported: {said.decode()}")


def node_is_ready(api: Api) -> bool:
    return any(
        condition["type"] == "Ready" and condition["status"] == "True"
        for node in api.items("nodes")
        for condition in node["status"].get("conditions") or []
    )
