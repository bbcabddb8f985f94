#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A packet socket in a container.
. "$(dirname "$0")/../lib.sh"

need_root
container=1

own="Packet socket in a container"
official="Packet socket created in container"
allow=fd.name,fd.lport,fd.rport,fd.type,fd.l4proto # a packet socket has none of them
fires "$own" "$official" -- "$src/calls" packet
fires "$own" "$official" -- "$src/calls" packet-dgram
fires "$own" "$official" -- "$src/calls" packet-old
fires "$own" "$official" -- python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 8)'
quiet "$own" "$official" -- "$src/calls" udp
container=
quiet "$own" "$official" -- "$src/calls" packet

finish
