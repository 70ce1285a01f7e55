# SPDX-License-Identifier: ISC
"""
The frame of every system test.

A test is a script that ends with mimtest.main(function).  It runs itself again
as root of its own network, mount and process namespaces: nothing it does can
touch the machine's network, two copies never meet, and whatever it started is
gone when it ends.  Results are TAP on standard output.
"""

import concurrent.futures
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))
BUILD = os.path.join(TOP, os.environ.get("BUILD") or "build")
FIXTURES = os.path.join(TOP, "tests", "fixtures")
SERVICE_USER = "_mimd"		# whom mimd becomes when started as root
SPARE_ID = 9981			# its id here, if the machine has no such user
TIMEOUT = 200			# seconds; tests take a tenth of that when alone

# What a daemon must never write to its log.
BAD_LOG = re.compile(
    r"broke its sandbox|Sanitizer|runtime error:|[Aa]ssertion|\bfatal\b"
    r"|signal (4|6|7|8|11|31)\b")


class Failure(Exception):
    """The test cannot go on."""


class Test:
    """What a test function is given: TAP, directories, hosts, processes."""

    def __init__(self, root):
        self.root = root
        self.count = 0
        self.failed = 0
        self.hosts = 0
        self.addrs = 0
        self.daemons = []	# each has log_path and allowed
        self.closers = []
        self.lock = threading.RLock()	# see together()

    # TAP

    def diag(self, text):
        with self.lock:
            for line in str(text).splitlines():
                print("#", line, flush=True)

    def ok(self, cond, what, diag=None):
        with self.lock:
            self.count += 1
            if not cond:
                self.failed += 1
            print(f"{'ok' if cond else 'not ok'} {self.count} - {what}",
                flush=True)
            if not cond:
                self.blame(what, diag)
        return bool(cond)

    def blame(self, what, diag):
        """Where prove, which keeps the output to itself, lets it be seen."""
        lines = [f"{os.path.basename(sys.argv[0])}, test {self.count}: {what}"]
        if diag is not None:
            lines += str(diag).splitlines()
        for line in lines:
            print("#", line, file=sys.stderr, flush=True)

    def equal(self, got, want, what):
        return self.ok(got == want, what, f"got  {got!r}\nwant {want!r}")

    def match(self, text, pattern, what):
        return self.ok(re.search(pattern, text), what,
            f"got  {text!r}\nwant /{pattern}/")

    # Time

    def wait(self, cond, timeout, what, step=0.05):
        """
        Call cond until it returns something true; return that.  what: for
        the failure, a text or who makes it then.
        """
        end = time.monotonic() + timeout
        while True:
            value = cond()
            if value:
                return value
            if time.monotonic() > end:
                raise Failure(f"waited {timeout} s in vain for "
                    f"{what() if callable(what) else what}")
            time.sleep(step)

    def together(self, *functions):
        """Parts that mostly wait, at the same time; each has its own."""
        with concurrent.futures.ThreadPoolExecutor(len(functions)) as pool:
            for job in [pool.submit(f) for f in functions]:
                job.result()

    # Places

    def dir(self, name, user=None):
        path = os.path.join(self.root, name)
        os.makedirs(path, exist_ok=True)
        if user is not None:
            entry = pwd.getpwnam(user)
            os.chown(path, entry.pw_uid, entry.pw_gid)
        return path

    def volume(self, name, size):
        """A directory that is a file system of its own, for everyone."""
        path = self.dir(name)
        subprocess.run(["mount", "-t", "tmpfs", "-o",
            f"size={size},mode=777", "none", path], check=True)
        return path

    def host(self):
        """A host of its own on the test's network."""
        with self.lock:
            self.hosts += 1
            number = self.hosts
        return Host(number)

    def addr(self):
        """One more address for a socket of the test itself."""
        with self.lock:
            self.addrs += 1
            number = self.addrs
        addr = f"10.99.{1 + number // 250}.{1 + number % 250}"
        ip("addr", "add", addr + "/16", "dev", "br0")
        return addr

    def addr6(self):
        """The same in IPv6: global, each in a network of its own."""
        with self.lock:
            self.addrs += 1
            number = self.addrs
        addr = GLOBAL6.format(0x1000 + number)
        ip("addr", "add", addr + "/16", "dev", "br0", "nodad")
        return addr

    # Processes

    def spawn(self, argv, log, host=None, user=None, env=None, limits=(),
        stdin=subprocess.DEVNULL, stdout=None):
        """Start argv, its output going to the file log."""
        prefix = []
        if host is not None:
            prefix += host.prefix
        if limits:
            prefix += ["prlimit", *limits, "--"]
        if user is not None:
            entry = pwd.getpwnam(user)
            prefix += ["setpriv", f"--reuid={entry.pw_uid}",
                f"--regid={entry.pw_gid}", "--clear-groups", "--"]
        with open(log, "ab") as out:
            return subprocess.Popen(prefix + argv, stdin=stdin,
                stdout=out if stdout is None else stdout, stderr=out,
                env=env, cwd="/")

    def finish(self):
        for close in reversed(self.closers):
            try:
                close()
            except Exception:
                traceback.print_exc()
        for daemon in self.daemons:
            bad = [line for line in read_text(daemon.log_path).splitlines()
                if BAD_LOG.search(line) and not (daemon.allowed and
                re.search(daemon.allowed, line))]
            self.ok(not bad, f"{daemon.name} logged no crash, no breach",
                "\n".join(bad[:20]))

    def explain(self):
        """After a failure: what the daemons said last."""
        for daemon in self.daemons:
            lines = read_text(daemon.log_path).splitlines()
            print(f"# the last lines of {daemon.log_path}:",
                *lines[-25:], sep="\n# ", file=sys.stderr, flush=True)


class Host:
    """A network namespace with an address on the test's bridge."""

    def __init__(self, number):
        self.number = number
        self.addr = f"10.99.0.{number + 1}"
        self.addr6 = f"fd99::{number + 1:x}"
        self.proc = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
        self.ns = f"/proc/{self.proc.pid}/ns/net"
        self.prefix = ["nsenter", f"--net={self.ns}", "--"]
        ours = os.readlink("/proc/self/ns/net")
        while os.readlink(self.ns) == ours:
            time.sleep(0.002)
        link = f"v{number}"
        ip("link", "add", link, "type", "veth", "peer", "name", "eth0",
            "netns", str(self.proc.pid))
        ip("link", "set", link, "master", "br0", "up")
        self.ip("link", "set", "lo", "up")
        self.ip("addr", "add", self.addr + "/16", "dev", "eth0")
        self.ip("addr", "add", self.addr6 + "/64", "dev", "eth0", "nodad")
        self.ip("link", "set", "eth0", "up")
        self.ip("route", "add", NOWHERE, "via", TEST_ADDR)

    def ip(self, *args):
        subprocess.run([*self.prefix, "ip", *args], check=True)

    def go_global(self):
        """Add an address like those of addr6(), the way to the Internet."""
        self.global6 = GLOBAL6.format(self.number)
        self.ip("addr", "add", self.global6 + "/16", "dev", "eth0", "nodad")
        self.ip("route", "add", "default", "via", TEST_ADDR6)

    def only(self, six):
        """Take the addresses of the other family away."""
        self.ip("-4" if six else "-6", "addr", "flush", "dev", "eth0")


TEST_ADDR = "10.99.0.1"		# of the test itself
TEST_ADDR6 = "fd99::1"
GLOBAL6 = "2a0e:{:x}::1"
# Where nobody is: packets are routed to the test, and lost.  Looking for
# neighbours that do not answer would fill a table that the whole machine
# shares, and other tests with it.
NOWHERE = "10.99.64.0/18"


def ip(*args):
    subprocess.run(["ip", *args], check=True)


def own(*paths):
    """What was made here is the service's."""
    subprocess.run(["chown", "-R", f"{SERVICE_USER}:", *paths], check=True)


def read_text(path):
    try:
        with open(path, errors="replace") as f:
            return f.read()
    except FileNotFoundError:
        return ""


def read_bytes(path):
    with open(path, "rb") as f:
        return f.read()


def program(name):
    return os.path.join(BUILD, "bin", name)


def sanitized():
    """Built with a sanitizer: its memory says nothing of ours."""
    with open(program("mimd"), "rb") as f:
        return b"__asan_init" in f.read()


def alive(pid):
    """Is there such a process, and not merely its corpse?"""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def stop(proc, sig=signal.SIGTERM, timeout=15):
    """End a process that spawn() started; returns its exit status."""
    if proc.poll() is None:
        proc.send_signal(sig)
    try:
        return proc.wait(timeout)
    except subprocess.TimeoutExpired:
        proc.kill()
        proc.wait()
        return None


def set_up_network():
    ip("link", "set", "lo", "up")
    # With an address of its own: otherwise it takes that of some port, and
    # those who know the old one speak to nobody when a host is added.
    ip("link", "add", "br0", "address", "02:00:00:00:00:01", "type", "bridge")
    ip("addr", "add", TEST_ADDR + "/16", "dev", "br0")
    ip("addr", "add", TEST_ADDR6 + "/64", "dev", "br0", "nodad")
    ip("link", "set", "br0", "up")


def add_service_user(root):
    """mimd as root needs its user; lend it one in this mount namespace."""
    try:
        pwd.getpwnam(SERVICE_USER)
        return
    except KeyError:
        pass
    for path, line in (
        ("/etc/passwd", f"{SERVICE_USER}:x:{SPARE_ID}:{SPARE_ID}::"
            "/nonexistent:/usr/sbin/nologin\n"),
        ("/etc/group", f"{SERVICE_USER}:x:{SPARE_ID}:\n")):
        copy = os.path.join(root, os.path.basename(path))
        shutil.copy(path, copy)
        with open(copy, "a") as f:
            f.write(line)
        subprocess.run(["mount", "--bind", copy, path], check=True)


def run_inside(function, root):
    """Run the test in its namespaces; returns the exit status."""
    os.umask(0o022)
    set_up_network()
    add_service_user(root)
    t = Test(root)
    try:
        function(t)
    except Failure as e:
        t.ok(False, f"went on to the end: {e}")
    except Exception:
        t.ok(False, "the script ran to its end", traceback.format_exc())
    if t.failed:
        t.explain()
    t.finish()
    print(f"1..{t.count}", flush=True)
    return 1 if t.failed else 0


def reap_for(pid):
    """The first process of a namespace: bury orphans until pid ends."""
    while True:
        dead, status = os.wait()
        if dead == pid:
            return os.waitstatus_to_exitcode(status)


def run_outside(timeout):
    """Make the namespaces and run this script again in them."""
    root = tempfile.mkdtemp(prefix="mimtest-")
    os.chmod(root, 0o755)
    proc = None

    def give_up(signum, frame):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, give_up)
    try:
        env = dict(os.environ, MIMTEST_ROOT=root, PYTHONDONTWRITEBYTECODE="1")
        proc = subprocess.Popen(["unshare", "--net", "--mount", "--pid",
            "--fork", "--kill-child", "--mount-proc", "--",
            sys.executable] + sys.argv, env=env)
        return proc.wait(timeout)
    except subprocess.TimeoutExpired:
        # No "Bail out!": that would end the tests beside this one, too.
        print(f"not ok - not done after {timeout} s", flush=True)
        return 1
    except KeyboardInterrupt:
        return 1
    finally:
        if proc is not None and proc.poll() is None:
            proc.kill()
            proc.wait()
        if os.environ.get("MIMTEST_KEEP"):
            print("#", root, "is kept", flush=True)
        else:
            shutil.rmtree(root, ignore_errors=True)


def main(function, timeout=TIMEOUT):
    sys.dont_write_bytecode = True
    root = os.environ.pop("MIMTEST_ROOT", None)
    if root is None:
        if os.geteuid() != 0:
            print("1..0 # SKIP needs root, for namespaces of its own")
            sys.exit(0)
        sys.exit(run_outside(timeout))
    pid = os.fork()
    if pid != 0:
        sys.exit(reap_for(pid))
    status = run_inside(function, root)
    sys.stdout.flush()
    os._exit(status)		# threads of the test may still wait
