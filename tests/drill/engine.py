# SPDX-License-Identifier: Apache-2.0
"""engine - the Docker engine of the drill's host, its images, and the application in it.

dockerd is started by Debian's init script, with the runbook's paths and socket, in the drill's
namespaces. No image is pulled: each is made from a busybox and a few files, and finds its programs
in the host's /usr, which every container has mounted.
"""

import io
import os
import signal
import subprocess
import tarfile

from harness import Failed, read_file, wait_until
from machine import HERE, must

COMPOSE_FILE = "/opt/opareta/infrastructure/docker/docker-compose.prod.yml"
PATH = "/busybox:/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/sbin:/usr/bin"
APPLETS = ("nc", "wget")  # what the runbook calls in containers, and the host may not have
FOLDERS = (("usr", 0o755), ("etc", 0o755), ("app", 0o755), ("proc", 0o755), ("tmp", 0o1777),
           ("var", 0o755), ("var/lib", 0o755), ("var/lib/postgresql", 0o755),
           ("var/lib/redis", 0o755), ("var/run", 0o755), ("var/run/postgresql", 0o1777),
           ("var/log", 0o755), ("var/log/nginx", 0o755), ("etc/nginx", 0o755))

SERVICE = ["python3", "-u", "/app/service.py"]
REDIS = ["redis-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--dir", "/var/lib/redis",
         "--save", "900 1"]
# name: (files of images/, text files, command)
IMAGES = {
    "opareta/argus:v1.0.0": (["service.py"], {"version": "v1.0.0"}, SERVICE),
    "opareta/argus:v1.1.0": (["service.py"], {"version": "v1.1.0"}, SERVICE),
    "opareta/argus:v1.2.0": (["service.py"], {"version": "v1.2.0", "broken": "yes"}, SERVICE),
    "opareta/hermes:v1.0.0": (["service.py"], {"version": "v1.0.0"}, SERVICE),
    "opareta/hermes:v1.1.0": (["service.py"], {"version": "v1.1.0"}, SERVICE),
    "opareta/postgres:15": (["postgres.sh"], {}, ["sh", "/app/postgres.sh"]),
    "opareta/redis:7": ([], {}, REDIS),
    "opareta/nginx:1.22": ([], {}, ["nginx", "-e", "stderr"]),
    "opareta/grafana-stand-in:1": (["service.py"], {"version": "stand-in"}, SERVICE),
}


def add(tar, name, data=b"", kind=tarfile.REGTYPE, mode=0o644, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.linkname, info.size = kind, mode, link, len(data)
    tar.addfile(info, io.BytesIO(data))


def root_file_system(files, texts):
    """A tar of what docker import takes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, mode in FOLDERS:
            add(tar, name, kind=tarfile.DIRTYPE, mode=mode)
        for name in ("bin", "sbin", "lib", "lib64"):
            add(tar, name, kind=tarfile.SYMTYPE, link="usr/" + name)
        for name in ("passwd", "group"):
            add(tar, "etc/" + name, read_file("/etc/" + name).encode())
        add(tar, "busybox", kind=tarfile.DIRTYPE, mode=0o755)
        with open("/bin/busybox", "rb") as f:
            add(tar, "busybox/busybox", f.read(), mode=0o755)
        for name in APPLETS:
            add(tar, "busybox/" + name, kind=tarfile.SYMTYPE, link="busybox")
        for name in files:
            with open(os.path.join(HERE, "opareta/images", name), "rb") as f:
                add(tar, "app/" + name, f.read())
        for name, text in texts.items():
            add(tar, "app/" + name, text.encode())
    return out.getvalue()


def import_image(name, content, command):
    quoted = ", ".join(f'"{word}"' for word in command)
    done = subprocess.run(
        ["docker", "import", "--change", f"ENV PATH={PATH}", "--change", f"CMD [{quoted}]", "-", name],
        input=content, capture_output=True, timeout=60, check=False)
    if done.returncode != 0:
        raise Failed(f"docker import {name}: {done.stderr.decode()}")


def import_images():
    for name, (files, texts, command) in IMAGES.items():
        import_image(name, root_file_system(files, texts), command)


def docker(*argv):
    return must("docker", *argv).strip()


def compose(*argv):
    return must("docker", "compose", "-f", COMPOSE_FILE, *argv)


def answers():
    return subprocess.run(["docker", "version"], capture_output=True, check=False).returncode == 0


def start():
    must("service", "docker", "start")
    wait_until(answers, "the Docker engine", timeout=60, every=0.1)


def started_at(container):
    return docker("inspect", "-f", "{{.State.StartedAt}}", container)


def pid_of(container):
    """Of its first process, as the host sees it."""
    return int(docker("inspect", "-f", "{{.State.Pid}}", container))


def hang(container):
    """It is there and does nothing any more, and neither does any process that it started."""
    os.kill(pid_of(container), signal.SIGSTOP)


def processes_of(cgroup):
    """Of all containers."""
    pids = set()
    for folder, _, _ in os.walk(f"/sys/fs/cgroup/pids/{cgroup}"):
        pids |= {int(pid) for pid in read_file(os.path.join(folder, "cgroup.procs")).split()}
    return pids


def command_name(pid):
    return read_file(f"/proc/{pid}/comm").strip()


def crash(cgroup):
    """What a crash of the host leaves of Docker: nothing that runs."""
    engines = [int(pid) for pid in os.listdir("/proc") if pid.isdigit()
               and command_name(pid) in ("dockerd", "containerd", "containerd-shim", "docker-proxy")]
    for pid in engines + sorted(processes_of(cgroup)):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    wait_until(lambda: not processes_of(cgroup), "the end of all containers")


def processes_in(container):
    """Pids of all its processes, as the host sees them."""
    return [int(pid) for pid in docker("top", container, "-eo", "pid").split()[1:]]
