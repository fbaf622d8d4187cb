"""A port for a server that must be told one, rather than take what the system has."""
import random
import socket
from pathlib import Path


def free_port():
    """One below those that the system hands out by itself, so that no connection and no other server
    comes by it between this look and the server's."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    ports = range(10000, lowest) or range(10000, 32768)
    for port in random.SystemRandom().sample(ports, 100):
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("of a hundred ports none is free")
