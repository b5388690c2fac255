"""The operation `reach`: whether a worker's machine gets a connection to each of the addresses of its task."""

import socket
from concurrent.futures import ThreadPoolExecutor

from mtv.converters.worker.job import Job
from mtv.errors import MtvError
from mtv.model.estate import Facts, Json

CONNECT_S = 3.0
AT_ONCE = 32
ADDRESSES = 1024  # at the most


def reach(job: Job) -> Facts:
    """Facts: `refused`, why each address that does not answer does not. Nothing is sent to those that do."""
    asked = job.task.guest.get("addresses")
    if not isinstance(asked, list) or len(asked) > ADDRESSES:
        raise MtvError("worker.task", f"{job.task.name}: its task names no addresses, or more than {ADDRESSES}")
    names = [str(one) for one in asked]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        refused: dict[str, Json] = {
            name: why for name, why in zip(names, pool.map(_answers, names), strict=True) if why
        }
    return {"refused": refused}


def _answers(address: str) -> str:
    """Why it does not, in a word; "" where it does."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), CONNECT_S):
            return ""
    except TimeoutError:
        return "no answer"
    except socket.gaierror:
        return "no such name"
    except ValueError:
        return "no such port"
    except OSError as error:
        return (error.strerror or "no way").lower()
