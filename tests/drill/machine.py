# SPDX-License-Identifier: Apache-2.0
"""machine - the host that the drill breaks: this one, seen from namespaces of its own.

Within them the paths and ports are exactly the runbook's, and whatever happens to them happens to
nobody else: /var is a small disk that can be filled, /run and /opt are empty, /etc and /usr/local
can be written without being changed, and the network is the drill's alone. All of it is gone when
the last process in the namespaces is.

There is no systemd: `systemctl VERB NAME` is a script that calls `service NAME VERB`, which runs
Debian's own init scripts. sshd is the real one.
"""

import os
import shutil
import subprocess

from harness import Failed, read_file, write_file

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
HOST = "opareta-1"
USER = "opareta"
DISK_MIB = 640
ENV_FILE = "/opt/opareta/infrastructure/docker/.env"  # of the compose project

# What programs expect below /var; the rest they make themselves.
VAR_FOLDERS = ("backups/opareta", "cache", "lib", "lib/nginx", "log", "log/journal", "spool")

SYSTEMCTL = """#!/bin/sh
# There is no systemd here: Debian's init scripts do what `systemctl VERB NAME` means.
exec service "$2" "$1"
"""

# docker compose is docker-compose 1.29, the one in Debian.
COMPOSE_PLUGIN = """#!/bin/sh
if [ "$1" = docker-cli-plugin-metadata ]; then
	echo '{"SchemaVersion": "0.1.0", "Vendor": "Debian", "Version": "v1.29.2"}'
	exit
fi
[ "$1" != compose ] || shift
exec /usr/bin/docker-compose "$@"
"""

SSHD_CONFIG = """
ListenAddress 127.0.0.1:22
HostKey /etc/ssh/drill_host_key
PidFile /run/sshd.pid
PasswordAuthentication no
PermitRootLogin no
UsePAM no
StrictModes no
AuthorizedKeysFile /etc/ssh/drill_authorized_keys
AllowUsers opareta
"""

SUDOERS = f"""
{USER} ALL=(root) NOPASSWD: /usr/local/bin/systemctl restart docker
{USER} ALL=(root) NOPASSWD: /usr/bin/docker compose *, /usr/local/bin/docker compose *
"""


def must(*argv, **more):
    """Its standard output; Failed when it fails."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=120, check=False, **more)
    if done.returncode != 0:
        raise Failed(f"{' '.join(argv)}: exit status {done.returncode}: "
                     f"{done.stdout[-1000:]}{done.stderr[-1000:]}")
    return done.stdout


def overlay(folder, path):
    """Writes to path go to the drill's folder."""
    upper, work = (os.path.join(folder, f"{kind}{path.replace('/', '-')}")
                   for kind in ("upper", "work"))
    os.makedirs(upper)
    os.makedirs(work)
    must("mount", "-t", "overlay", "overlay",
         "-o", f"lowerdir={path},upperdir={upper},workdir={work}", path)


def mount_disk(folder):
    """The small disk is an ext4 in a file: it can be full as a real one."""
    image = os.path.join(folder, "disk.img")
    with open(image, "wb") as f:
        f.truncate(DISK_MIB << 20)
    must("mkfs.ext4", "-q", "-F", "-m", "0", "-O", "^has_journal", image)
    must("mount", "-o", "loop", image, "/var")
    for name in VAR_FOLDERS:
        os.makedirs(os.path.join("/var", name), exist_ok=True)
    os.mkdir("/var/tmp")
    os.chmod("/var/tmp", 0o1777)
    os.symlink("/run", "/var/run")


def lay_out(cgroup):
    """Files of the host: the application's infrastructure, Docker's options, the host's name."""
    shutil.copytree(os.path.join(HERE, "opareta"), "/opt/opareta/infrastructure")
    os.rename("/opt/opareta/infrastructure/docker/env", ENV_FILE)
    write_file("/usr/local/bin/systemctl", SYSTEMCTL, 0o755)
    write_file("/usr/local/lib/docker/cli-plugins/docker-compose", COMPOSE_PLUGIN, 0o755)
    write_file("/etc/default/docker",
               f'DOCKER_OPTS="--cgroup-parent=/{cgroup} --shutdown-timeout=2"\n', 0o644)
    write_file("/etc/hosts", f"127.0.0.1 localhost {HOST}\n::1 ip6-localhost\n", 0o644)
    must("hostname", HOST)
    # Where even root may not raise its limits, Docker does with those that there are.
    must("sed", "-i", r"s/^\t*ulimit .*/& || :/", "/etc/init.d/docker")


def make_user():
    """Who logs in over ssh, and what he may do as root."""
    uid = 4711
    for path, line in (("/etc/passwd", f"{USER}:x:{uid}:{uid}::/tmp:/bin/sh\n"),
                       ("/etc/group", f"{USER}:x:{uid}:\n"), ("/etc/shadow", f"{USER}:*:1::::::\n")):
        mode = os.stat(path).st_mode & 0o777
        write_file(path, read_file(path) + line, mode)
    write_file(f"/etc/sudoers.d/{USER}", SUDOERS, 0o440)


def start_sshd(start):
    """On port 22, with keys of its own; /etc/playbookd/ssh is what playbookd has of it."""
    os.makedirs("/run/sshd", mode=0o755)
    os.makedirs("/etc/playbookd/ssh", mode=0o700)
    for key in ("/etc/ssh/drill_host_key", "/etc/playbookd/ssh/id_ed25519"):
        must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
    write_file("/etc/ssh/drill_authorized_keys", read_file("/etc/playbookd/ssh/id_ed25519.pub"), 0o644)
    write_file("/etc/playbookd/ssh/known_hosts",
               f"{HOST} " + read_file("/etc/ssh/drill_host_key.pub"), 0o644)
    write_file("/etc/ssh/drill_sshd_config", SSHD_CONFIG, 0o644)
    sshd = start("sshd", "/usr/sbin/sshd", "-D", "-e", "-f", "/etc/ssh/drill_sshd_config")
    sshd.wait_log("Server listening")


def prepare(folder, cgroup):
    must("ip", "link", "set", "lo", "up")
    for path in ("/etc", "/usr/local"):
        overlay(folder, path)
    mount_disk(folder)
    for path in ("/run", "/opt"):
        must("mount", "-t", "tmpfs", "-o", "size=64m,mode=755", "tmpfs", path)
    lay_out(cgroup)
    make_user()


def free_bytes(path="/var"):
    told = os.statvfs(path)
    return told.f_bavail * told.f_frsize
