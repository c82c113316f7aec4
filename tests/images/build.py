# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the demo's container images without a registry: OCI archives from Debian packages, wheels and Go modules.

``build.py [--folder DIR] [IMAGE...]`` prints the path of each archive; README.md has the rest.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
APPLICATIONS = ROOT / "k8s-manifests" / "base" / "mlops"
TOOLS = ROOT / "roles" / "sandbox" / "files" / "tools"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ai_how.cloud"

PAUSE = "registry.k8s.io/pause:3.10.2"  # what containerd 2.4 and Kubernetes 1.36 name
MODULES = {
    "argocd": "github.com/argoproj/argo-cd/v3",
    "helm": "helm.sh/helm/v3",
    "kustomize": "sigs.k8s.io/kustomize/kustomize/v5",
}
DEMO = ["postgresql", "minio", "mlflow", "pause"]  # what is made if none is named
REDIS = "public.ecr.aws/docker/library/redis:8.10.1-alpine"  # what Argo CD's manifests name
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
UNNEEDED = ["doc", "i18n", "info", "lintian", "locale", "man", "perl", "perl5", "postgresql-common"]  # of /usr/share
LIBRARIES = "/usr/lib/*-linux-gnu"


@dataclass(frozen=True)
class Image:
    reference: str  # the name under which a container runtime finds it
    pins: Path  # a folder: with this script, all that the image is made of
    needs: list[str]
    fill: Callable[[Build], None]
    config: list[str]  # of `buildah config`

    @property
    def tag(self) -> str:
        return self.reference.rpartition(":")[2]

    @property
    def key(self) -> str:
        digest = hashlib.sha256()
        for part in (self.reference, platform.machine()):
            digest.update(part.encode() + b"\0")
        for file in (Path(__file__), *sorted(path for path in self.pins.rglob("*") if path.is_file())):
            digest.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()[:16]


class Build:
    """A working container made of nothing, and a folder for what goes into it; both are gone in the end."""

    def __init__(self, name: str, image: Image, work: Path, lock: int) -> None:
        self.name, self.image, self.work, self._lock = name, image, work, lock
        self.root = work / "root"
        self.root.mkdir()
        # A store of its own: runs side by side do not meet, and the user's images stay as they are.
        self._buildah = buildah_in(work)
        self.container = self.run(*self._buildah, "from", "scratch").strip()

    def buildah(self, *arguments: str | Path) -> None:
        self.run(*self._buildah, *arguments)

    def run(self, *command: str | Path, cwd: Path | None = None, **environ: str) -> str:
        # buildah keeps big files in TMPDIR, and /tmp may be small
        environ = {**os.environ, "TMPDIR": str(self.work), **environ}
        # The programs hold the lock as well: when this script is killed, the next run waits for them.
        done = subprocess.run(
            command,
            cwd=cwd or self.work,
            env=environ,
            pass_fds=[self._lock],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            sys.stderr.write(done.stdout)
            raise Failed(f"{self.name}: {Path(command[0]).name} ended with {done.returncode}; its own words are above.")
        return done.stdout

    def say(self, what: str) -> None:
        print(f"{time.monotonic() - STARTED:6.1f} s  {self.name}: {what}", file=sys.stderr, flush=True)

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def debian(self, suite: str, packages: list[str], without: list[str]) -> None:
        """Unpack packages with all that they depend on. No maintainer script runs, so nothing has to be emulated."""
        self.say(f"{', '.join(packages)} and their dependencies from Debian {suite}")
        main, security = debian_mirrors()
        command = ["mmdebstrap", "--quiet", "--variant=extract", f"--include={','.join(packages)}"]
        command += ["--aptopt=APT::Install-Recommends false", *apt_proxies()]
        without = [*(f"/usr/share/{name}/*" for name in UNNEEDED), *without]
        command += [f"--dpkgopt=path-exclude={path}" for path in without]
        command += [suite, "debian.tar", f"deb {main} {suite} main", f"deb {main} {suite}-updates main"]
        self.run(*command, f"deb {security} {suite}-security main")
        self.buildah("add", "--quiet", self.container, "debian.tar", "/")
        # what base-passwd and base-files make in their scripts
        self.write("etc/group", "root:x:0:\npostgres:x:999:\nnogroup:x:65534:\n")
        users = ["root:x:0:0:root:/root:/bin/sh", "postgres:x:999:999::/var/lib/postgresql:/bin/sh"]
        self.write("etc/passwd", "\n".join([*users, "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin", ""]))

    def add_root(self) -> None:
        self.buildah("add", "--quiet", self.container, "root", "/")
        shutil.rmtree(self.root)
        self.root.mkdir()

    def commit(self, archive: Path) -> None:
        self.say("packing")
        self.add_root()
        self.buildah("config", *self.image.config, self.container)
        # The colon ends a path in this notation, hence a relative one.
        target = f"oci-archive:image.tar:{self.image.reference}"
        self.buildah("commit", "--quiet", "--timestamp=0", self.container, target)
        os.replace(self.work / "image.tar", archive)


class Failed(Exception):
    """One sentence for the user."""


def postgresql(build: Build) -> None:
    version = re.fullmatch(r"(\d+)\.\d+-([a-z]+)", build.image.tag)
    if not version:
        raise Failed(
            f"postgresql: the tag {build.image.tag} is not like 15.18-bookworm, which names the packages to take."
        )
    major, suite = version.groups()
    server = f"/usr/lib/postgresql/{major}/lib"
    build.debian(
        suite,
        [f"postgresql-{major}", "coreutils", "dash", "findutils", "gosu", "grep", "libc-bin", "libnss-wrapper", "sed"],
        # the just-in-time compiler (it is loaded when it is there) and Perl
        [
            f"{server}/bitcode/*",
            f"{server}/llvmjit*",
            *(f"{LIBRARIES}/{name}*" for name in ("libLLVM", "libz3", "perl")),
        ],
    )
    build.write("usr/local/bin/docker-entrypoint.sh", (HERE / "postgresql" / "docker-entrypoint.sh").read_text(), 0o755)
    for folder in ("docker-entrypoint-initdb.d", "var/lib/postgresql/data", "var/run/postgresql"):
        (build.root / folder).mkdir(parents=True)
    for folder in ("var/lib/postgresql/data", "var/run/postgresql"):
        (build.root / folder).chmod(0o1777)


def minio(build: Build) -> None:
    module = re.search(r"github.com/minio/minio v\S+-(\d{14})-", (HERE / "minio" / "go.mod").read_text())
    if not module or module[1] != re.sub(r"\D", "", build.image.tag):
        raise Failed(
            f"minio: the manifests want {build.image.tag}, and minio/go.mod has another commit; see the README."
        )
    build.say("compiling (minutes, the first time)")
    release = f"-X github.com/minio/minio/cmd.ReleaseTag={build.image.tag}"
    flags = ["-trimpath", "-buildvcs=false", f"-ldflags=-s -w {release}", "-o", f"{build.root}/usr/bin/minio"]
    build.run(go(), "build", *flags, "github.com/minio/minio", cwd=HERE / "minio", **GO_ENVIRON)


def mlflow(build: Build) -> None:
    requirements = HERE / "mlflow" / "requirements.txt"
    version = re.search(r"^mlflow==(\S+)", requirements.read_text(), re.MULTILINE)
    if not version or build.image.tag.split("-")[0] != f"v{version[1]}":
        raise Failed(
            f"mlflow: the manifests want {build.image.tag}, mlflow/requirements.txt has another; see the README."
        )
    build.debian("bookworm", ["dash", "libc-bin", "libstdc++6", "python3"], [])
    build.say("wheels from PyPI")
    site = build.root / "usr/local/lib/python3.11/dist-packages"
    machine = platform.machine()
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(36, 16, -1)]  # bookworm has glibc 2.36
    wheels = ["--only-binary=:all:", "--python-version=3.11", "--implementation=cp"]
    wheels += [f"--platform={name}" for name in [*platforms, f"manylinux2014_{machine}"]]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"]
    pip += [*wheels, "--no-deps", "--require-hashes", f"--requirement={requirements}", f"--target={site}"]
    build.run(*pip)
    shutil.rmtree(site / "bin")
    build.write("usr/local/bin/mlflow", "#!/usr/bin/python3\nfrom mlflow.cli import cli\n\ncli()\n", 0o755)
    shutil.rmtree(site / "pandas" / "tests")
    for service in (site / "botocore" / "data").iterdir():
        if service.is_dir() and service.name not in ("s3", "sts"):
            shutil.rmtree(service)
    build.say("byte-compiling")  # the root file system is read-only later
    build.add_root()
    inside = ["run", "--isolation=chroot", build.container, "--", "python3"]
    build.buildah(
        *inside, "-m", "compileall", "-q", "-j0", "--invalidation-mode=unchecked-hash", "/usr/lib", "/usr/local/lib"
    )
    build.say("does it load?")
    build.buildah(*inside, "-c", "import boto3, mlflow.server.fastapi_app, psycopg2")


def pause(build: Build) -> None:
    build.say("compiling, from the sources of Kubernetes")
    program = source(build, "kubernetes", "k8s.io/kubernetes") / "build" / "pause" / "linux" / "pause.c"
    build.run("cc", "-Os", "-static", "-s", f"-DVERSION=v{build.image.tag}", "-o", build.root / "pause", program)


def argocd(build: Build) -> None:
    build.debian(
        "bookworm",
        ["coreutils", "dash", "git", "gpg", "gpg-agent", "libc-bin", "openssh-client", "sed", "tini"],
        [f"{LIBRARIES}/perl*"],
    )
    folder = build.root / "usr" / "local" / "bin"
    folder.mkdir(parents=True)
    for tool in ("argocd", "helm", "kustomize"):
        shutil.copy2(from_sandbox(tool, pinned(tool)), folder)
    for name in ("application-controller applicationset-controller cmp-server commit-server dex k8s-auth notifications"
                 " repo-server server").split():  # fmt: skip
        (folder / f"argocd-{name}").symlink_to("argocd")
    upstream = source(build, "argocd", MODULES["argocd"])
    for script in ("entrypoint.sh", "hack/git-verify-wrapper.sh", "hack/gpg-wrapper.sh"):
        build.write(f"usr/local/bin/{Path(script).name}", (upstream / script).read_text(), 0o755)
    build.write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nargocd:x:999:999::/home/argocd:/bin/sh\n")
    for path, mode in {"home/argocd": 0o777, "app/config/tls": 0o755, "app/config/ssh": 0o755, "tmp": 0o1777}.items():
        (build.root / path).mkdir(parents=True)
        (build.root / path).chmod(mode)
    for path in ("app/config/gpg/source", "app/config/gpg/keys"):
        (build.root / path).mkdir(parents=True)


def source(build: Build, tool: str, module: str) -> Path:
    """The folder of a module that a tool of the sandbox is compiled from."""
    build.run(go(), "mod", "download", module, cwd=TOOLS / tool, **GO_ENVIRON)
    return Path(build.run(go(), "list", "-m", "-f", "{{.Dir}}", module, cwd=TOOLS / tool, **GO_ENVIRON).strip())


def redis(build: Build) -> None:
    build.debian("bookworm", ["libc-bin"], [])
    (build.root / "usr" / "local" / "bin").mkdir(parents=True)
    shutil.copy2(from_sandbox("redis", "*", "redis-server"), build.root / "usr" / "local" / "bin")


def pinned(tool: str) -> str:
    """The version of a tool of the sandbox that is compiled."""
    (version,) = re.findall(
        rf"^(?:require|\t)?\s*{MODULES[tool]} (v\S+)", (TOOLS / tool / "go.mod").read_text(), re.MULTILINE
    )
    return str(version)


def from_sandbox(tool: str, version: str, program: str = "") -> Path:
    """A program that the role sandbox has put into its cache."""
    found = sorted((CACHE / "tools" / tool).glob(f"{version}/{program or tool}"))
    if not found:
        raise Failed(
            f"{program or tool} {version} is not in {CACHE / 'tools'}; bring a sandbox up, which puts it there."
        )
    return found[-1]


GO_ENVIRON = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOWORK": "off"}


def go() -> Path | str:
    """The sandbox's own, if the role has got one; any other gets the version of go.mod by itself."""
    return max((CACHE / "tools" / "go").glob("*/go"), default="go")


def images() -> dict[str, Image]:
    environ = f"--env=PATH={PATH}"
    return {
        "postgresql": Image(
            from_manifests("postgresql"),
            HERE / "postgresql",
            ["buildah", "mmdebstrap"],
            postgresql,
            [
                '--entrypoint=["docker-entrypoint.sh"]',
                "--cmd=postgres",
                f"--env=PATH=/usr/lib/postgresql/{from_manifests('postgresql').rpartition(':')[2].split('.')[0]}/bin:{PATH}",
                "--env=LANG=C.UTF-8",
                "--env=PGDATA=/var/lib/postgresql/data",
                "--volume=/var/lib/postgresql/data",
                "--port=5432",
                "--stop-signal=SIGINT",
            ],
        ),
        "minio": Image(
            from_manifests("minio"),
            HERE / "minio",
            ["buildah", "go"],
            minio,
            ['--entrypoint=["minio"]', environ, "--volume=/data", "--port=9000"],
        ),
        "mlflow": Image(
            from_manifests("mlflow"),
            HERE / "mlflow",
            ["buildah", "mmdebstrap"],
            mlflow,
            ["--cmd=python3", environ, "--env=LANG=C.UTF-8", "--env=GIT_PYTHON_REFRESH=quiet"],
        ),
        "pause": Image(
            PAUSE,
            TOOLS / "kubernetes",
            ["buildah", "cc", "go"],
            pause,
            ['--entrypoint=["/pause"]', "--user=65535:65535"],
        ),
        "argocd": Image(
            f"quay.io/argoproj/argocd:{pinned('argocd')}",
            TOOLS / "argocd",
            ["buildah", "go", "mmdebstrap"],
            argocd,
            [
                '--entrypoint=["/usr/bin/tini", "--"]',
                environ,
                "--env=USER=argocd",
                "--user=999",
                "--workingdir=/home/argocd",
            ],
        ),
        "redis": Image(
            REDIS,
            TOOLS / "argocd",
            ["buildah", "mmdebstrap"],
            redis,
            ['--entrypoint=["redis-server"]', environ, "--workingdir=/tmp"],
        ),
    }


def from_manifests(application: str) -> str:
    """The image of an application; its kustomization.yaml is the one place that names it."""
    kustomization = yaml.safe_load((APPLICATIONS / application / "kustomization.yaml").read_text())
    (image,) = (entry for entry in kustomization["images"] if entry["name"] == application)
    return f"{image['newName']}:{image['newTag']}"


def debian_mirrors() -> tuple[str, str]:
    """Where this machine's apt gets Debian's packages and their security updates, else Debian's own address."""
    wanted = ["Identifier: Packages", "Origin: Debian", "Component: main"]
    command = ["apt-get", "indextargets", "--format=$(RELEASE) $(REPO_URI)", *wanted]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    main, security = "http://deb.debian.org/debian", "http://deb.debian.org/debian-security"
    for release, uri in (line.split(maxsplit=1) for line in listed.splitlines()):
        if release.endswith("-security"):
            security = uri
        elif "-" not in release:
            main = uri
    return main, security


def apt_proxies() -> list[str]:
    """mmdebstrap does not look at the machine's apt configuration."""
    listed = subprocess.run(["apt-config", "dump", "Acquire"], capture_output=True, text=True, check=True).stdout
    return [f"--aptopt={line}" for line in listed.splitlines() if re.match(r"Acquire::https?::Proxy\b", line)]


def archive_of(name: str, image: Image) -> Path:
    return CACHE / "images" / name / f"{image.key}.tar"


def provide(name: str, image: Image) -> Path:
    """Return the archive of an image; make it first where there is none."""
    archive = archive_of(name, image)
    if archive.exists():
        return archive
    require(name, image.needs)
    folder = archive.parent
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder) as lock:
        if archive.exists():  # another run made it while this one waited
            return archive
        work = folder / "work"
        discard(work)  # of a run that was killed
        work.mkdir()
        try:
            build = Build(name, image, work, lock)
            image.fill(build)
            build.commit(archive)
        finally:
            discard(work)
        build.say(f"{archive.stat().st_size / 1e6:.0f} MB in {archive}")
    return archive


def require(name: str, programs: list[str]) -> None:
    missing = [program for program in programs if not (shutil.which(program) or (program == "go" and go() != "go"))]
    if missing:
        raise Failed(
            f"{name}: {' and '.join(missing)} not found; on Debian: apt-get install {' '.join(map(package, missing))}"
        )


def package(program: str) -> str:
    return {"cc": "gcc libc6-dev", "go": "golang-go"}.get(program, program)


def buildah_in(work: Path) -> list[str]:
    return ["buildah", "--storage-driver=vfs", f"--root={work}/store", f"--runroot={work}/run"]


def discard(work: Path) -> None:
    if work.exists():
        # Without root, some of it belongs to the user's subordinate ids.
        inside = [] if os.geteuid() == 0 else [*buildah_in(work), "unshare"]
        subprocess.run([*inside, "rm", "-rf", work], check=True)


@contextmanager
def locked(folder: Path) -> Iterator[int]:
    """One run at a time; the lock ends with its processes, however they end."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def link(folder: Path, name: str, archive: Path) -> None:
    """Let folder/name.tar lead to the archive. A folder that is right already is not touched."""
    place = folder / f"{name}.tar"
    if place.is_symlink() and place.readlink() == archive:
        return
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f".{name}.{os.getpid()}"
    new.symlink_to(archive)
    os.replace(new, place)


STARTED = time.monotonic()


def main() -> None:
    known = images()
    parser = argparse.ArgumentParser(description="Make container images as OCI archives, without a registry.")
    parser.add_argument("--folder", type=Path, help="put links to the archives here, as NAME.tar")
    parser.add_argument("--check", action="store_true", help="only tell what is missing to make them; Go may yet come")
    parser.add_argument("image", nargs="*", metavar="IMAGE", help=f"of {', '.join(known)}; default: {', '.join(DEMO)}")
    options = parser.parse_args()
    if unknown := set(options.image) - set(known):
        parser.error(f"no image {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    os.umask(0o022)  # what the image's user must be able to read
    names = options.image or DEMO
    if options.check:
        for name in names:
            if not archive_of(name, known[name]).exists():
                require(name, [program for program in known[name].needs if program != "go"])
        return
    with ThreadPoolExecutor(len(names)) as pool:
        results = [pool.submit(provide, name, known[name]) for name in names]
    for name, result in zip(names, results, strict=True):
        archive = result.result()
        if options.folder:
            link(options.folder, name, archive)
        print(archive)


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        sys.exit(str(error))
