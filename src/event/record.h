/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_EVENT_RECORD_H
#define MONITOR_EVENT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/*
 * What a capture's metadata blocks say of processes, descriptors and the machine. They are no events: a source hands
 * them to a receiver, the state takes them (state_add_process() and kin), and a capture writer gets them from it.
 * Texts are borrowed for the call.
 */
struct process_record {
	int64_t tid, pid, ptid, sid, vpgid, pgid, vtid, vpid;
	struct str comm, exe, exepath, args, cwd, env, cgroups, root;
	int64_t fdlimit;
	uint32_t flags, uid, gid, loginuid, tty;
	uint32_t vm_size_kb, vm_rss_kb, vm_swap_kb;
	uint64_t pfmajor, pfminor, pidns_init_start_ts;
	uint64_t cap_inheritable, cap_permitted, cap_effective;
	uint64_t exe_ino, exe_ino_ctime, exe_ino_mtime;
	bool exe_writable, exe_upper_layer, exe_lower_layer, exe_from_memfd;
	bool has_caps, has_loginuid, has_tty; /* older captures lack them */
};

struct fd_record {
	int64_t number;
	uint64_t ino;
	uint8_t type; /* enum fd_type of state/fd.h */
	struct str name;
	uint32_t open_flags, dev;
	/* sockets */
	uint8_t sip[16], dip[16];
	uint16_t sport, dport;
	uint8_t l4;
	uint64_t unix_source, unix_destination;
};

/* An address of one of the machine's network interfaces. */
struct interface_record {
	struct str name;
	bool v6;
	uint8_t address[16], netmask[16]; /* 4 bytes when not v6 */
};

struct machine_record {
	uint32_t cpus;
	uint64_t memory_bytes, max_pid, boot_ts_ns;
	char hostname[129];
};

#endif
