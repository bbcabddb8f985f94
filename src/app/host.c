/* SPDX-License-Identifier: Apache-2.0 */
#include "app/host.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/parse.h"
#include "base/words.h"

#define PASSWD_FIELDS 7
#define PID_MAX_FILE_BYTES 32 /* one number */

/* The parts of a line between colons; what is missing is empty. Returns how many there were. */
static size_t split(struct str line, struct str *ret_fields, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < max; i++)
		ret_fields[i] = STR("");
	while (n < max) {
		const char *colon = line.len ? memchr(line.ptr, ':', line.len) : NULL;

		ret_fields[n++] = (struct str){ line.ptr, colon ? (size_t)(colon - line.ptr) : line.len };
		if (!colon)
			break;
		line.len -= (size_t)(colon + 1 - line.ptr);
		line.ptr = colon + 1;
	}
	return n;
}

static int read_accounts(const char *path, int (*take)(const struct scap_receiver *r, const struct str *fields),
			 const struct scap_receiver *receiver)
{
	auto_free char *bytes = NULL;
	struct str text, line, fields[PASSWD_FIELDS];
	size_t len;
	int r = 0;

	if (file_read_all(path, ACCOUNTS_MAX_BYTES, &bytes, &len, NULL) < 0)
		return 0;
	text = (struct str){ bytes, len };
	while (r == 0 && words_line(&text, &line))
		if (split(line, fields, PASSWD_FIELDS) >= 3)
			r = take(receiver, fields);
	return r;
}

/* name:password:uid:gid:comment:home:shell */
static int take_user(const struct scap_receiver *receiver, const struct str *f)
{
	uint32_t uid, gid;

	if (parse_u32(f[2], &uid) < 0 || parse_u32(f[3], &gid) < 0)
		return 0;
	return receiver->user(receiver->context, uid, gid, f[0], f[5], f[6]);
}

/* name:password:gid:members */
static int take_group(const struct scap_receiver *receiver, const struct str *f)
{
	uint32_t gid;

	return parse_u32(f[2], &gid) < 0 ? 0 : receiver->group(receiver->context, gid, f[0]);
}

static int take_address(const struct scap_receiver *receiver, const struct ifaddrs *i)
{
	struct interface_record record = { .name = str_of(i->ifa_name) };

	if (!i->ifa_addr || !i->ifa_netmask)
		return 0;
	if (i->ifa_addr->sa_family == AF_INET) {
		memcpy(record.address, &((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr, 4);
		memcpy(record.netmask, &((const struct sockaddr_in *)(const void *)i->ifa_netmask)->sin_addr, 4);
	} else if (i->ifa_addr->sa_family == AF_INET6) {
		record.v6 = true;
		memcpy(record.address, &((const struct sockaddr_in6 *)(const void *)i->ifa_addr)->sin6_addr, 16);
		memcpy(record.netmask, &((const struct sockaddr_in6 *)(const void *)i->ifa_netmask)->sin6_addr, 16);
	} else {
		return 0;
	}
	return receiver->interface(receiver->context, &record);
}

static uint64_t read_max_pid(void)
{
	auto_free char *text = NULL;
	uint64_t max;
	size_t len;

	if (file_read_all("/proc/sys/kernel/pid_max", PID_MAX_FILE_BYTES, &text, &len, NULL) < 0)
		return 0;
	return parse_u64((struct str){ text, strcspn(text, "\n") }, &max) == 0 ? max : 0;
}

static void describe_machine(const struct scap_receiver *receiver)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN), pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	struct machine_record m = {
		.cpus = cpus > 0 ? (uint32_t)cpus : 1,
		.memory_bytes = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0,
		.max_pid = read_max_pid(),
		.boot_ts_ns = clock_boot_ns(),
	};

	if (gethostname(m.hostname, sizeof(m.hostname) - 1) < 0)
		m.hostname[0] = 0;
	receiver->machine(receiver->context, &m);
}

int host_describe(const struct scap_receiver *receiver, struct error *err)
{
	struct ifaddrs *interfaces = NULL;
	int r;

	describe_machine(receiver);
	r = read_accounts("/etc/passwd", take_user, receiver);
	if (r == 0)
		r = read_accounts("/etc/group", take_group, receiver);
	if (r == 0 && getifaddrs(&interfaces) == 0) {
		for (const struct ifaddrs *i = interfaces; i && r == 0; i = i->ifa_next)
			r = take_address(receiver, i);
		freeifaddrs(interfaces);
	}
	return r < 0 ? error_errno(err, r, "cannot note the machine's accounts and addresses") : 0;
}
