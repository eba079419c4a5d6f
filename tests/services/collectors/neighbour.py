"""A scan of this computer by the nmap of another one in its network segment: nmap sees the MAC of others alone.

The other one is a network namespace, joined by a cable that bears this computer's own MAC at this end; that takes root.
Without it, a recording of such a scan stands in, with this computer's MAC and address put in.
"""

import os
import shutil
import subprocess
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.servers.process import await_condition

RECORDED = Path(__file__).parents[2] / "data/nmap/neighbour.xml"
THIS_END, OTHER_END = "veth-landkarte", "eth-landkarte"
NMAP = ("nmap", "-n", "-p", "22,80,5432", "-oX", "-")
THIS_ADDRESS, OTHER_ADDRESS = "198.18.77.1", "198.18.77.2"


def scan(ip, mac):
    """The XML of a scan of this computer, of which these are address and MAC, as a neighbour's nmap writes it."""
    if not may_cable():
        return recorded(ip, mac)
    with neighbour(ip, mac) as within:
        return run(*within, *NMAP, ip)


def recorded(ip, mac):
    """A scan that nmap 7.93 made in such a network namespace, with this address and MAC put in."""
    return RECORDED.read_text().replace("198.18.77.1", ip).replace("16:F3:70:E7:EE:6C", mac.upper())


def may_cable():
    """Whether a network namespace can be made and joined here: root may, but in most containers."""
    if os.geteuid() or not all(shutil.which(tool) for tool in ("nmap", "ip", "unshare", "nsenter")):
        return False
    alone = ["unshare", "-n", "ip", "link", "add", THIS_END, "type", "veth"]
    tried = subprocess.run(alone, capture_output=True, check=False)
    return tried.returncode == 0


@contextmanager
def neighbour(ip, mac):
    """The words before a command that runs it on the other computer; both ends are gone afterwards."""
    with ExitStack() as stack:
        other = subprocess.Popen(["unshare", "-n", "sleep", "120"])
        stack.callback(other.wait)
        stack.callback(other.terminate)
        own = Path("/proc/self/ns/net").readlink()
        await_condition(
            lambda: Path(f"/proc/{other.pid}/ns/net").readlink() != own,
            seconds=10,
            what="the namespace of the neighbour",
        )
        within = ("nsenter", "-t", str(other.pid), "-n")
        cable = ("type", "veth", "peer", "name", OTHER_END, "netns", str(other.pid))
        run("ip", "link", "add", THIS_END, "address", mac, *cable)
        stack.callback(run, "ip", "link", "del", THIS_END)
        run("ip", "addr", "add", THIS_ADDRESS, "peer", OTHER_ADDRESS, "dev", THIS_END)
        run("ip", "link", "set", THIS_END, "up")
        run(*within, "ip", "addr", "add", OTHER_ADDRESS, "peer", THIS_ADDRESS, "dev", OTHER_END)
        run(*within, "ip", "link", "set", OTHER_END, "up")
        run(*within, "ip", "route", "add", ip, "dev", OTHER_END)
        yield within


def run(*command):
    return subprocess.run(command, capture_output=True, check=True, text=True, timeout=60).stdout
