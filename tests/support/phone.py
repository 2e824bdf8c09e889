"""`--code-command` of the tests: asks the world for a code, or gives it the otpauth address."""

import socket
import sys

uri = sys.stdin.readline().strip()
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=30) as world:
    world.sendall(f"enrol {uri}\n".encode() if uri else b"code\n")
    answer = world.makefile().readline().strip()
print("" if uri else answer)
