"""Starts launchers: a process that has loaded what they need, and forks one for each command."""

import _socket
import os
import sys

from agent.workspace.sandbox import tree
from agent.workspace.sandbox.bridge import receive_descriptors
from agent.workspace.sandbox.launcher import launch

PARTS = 4
"""An order, its control and status, and where the command's output goes."""


def main() -> None:
    """Serves a channel in a process of its own, until nobody holds the other end any more."""
    channel = _socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(channel.fileno(), False)
    if os.fork() == 0:
        serve(channel)
    os._exit(0)


def serve(channel: _socket.socket) -> None:
    while True:
        word, descriptors = receive_descriptors(channel, PARTS)
        if not word:
            os._exit(0)
        if len(descriptors) == PARTS and os.fork() == 0:
            channel.close()
            os.setsid()
            order, control, status, output = descriptors
            for own in (1, 2):
                os.dup2(output, own)
            os.close(output)
            launch(order, control, status)
        for descriptor in descriptors:
            os.close(descriptor)
        tree.bury()
