/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/keyctl.h>
#include <linux/ptrace.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "tracer/decode_step.h"
#include "tracer/procfs.h"

static bool read_u32(const struct call *c, uint64_t address, uint32_t *ret)
{
	return address && memory_read(c->memory, address, ret, sizeof(*ret)) == 0;
}

static bool read_u64(const struct call *c, uint64_t address, uint64_t *ret)
{
	return address && memory_read(c->memory, address, ret, sizeof(*ret)) == 0;
}

/* A value of type DYN: the variant's number (variants.def), then the value. */
static void put_dynamic(struct event_builder *b, uint8_t variant, uint64_t value, size_t size)
{
	uint8_t bytes[9] = { variant };

	memcpy(bytes + 1, &value, sizeof(value));
	event_put_bytes(b, (struct str){ (const char *)bytes, 1 + size });
}

static void put_unknowns(struct event_builder *b, unsigned int n)
{
	while (n--)
		event_put_unknown(b);
}

STEP(put_out_u32)
{
	uint32_t v = 0;

	if (put_unknown_yet(c, b))
		return;
	if (!call_succeeded(c) || !read_u32(c, c->args[s->arg], &v))
		v = 0;
	event_put_int(b, v);
}

STEP(put_caps)
{
	struct procfs_task task;

	if (!c->has_result) {
		put_unknowns(b, s->count);
		return;
	}
	if (procfs_read_task(c->tid, &task, NULL) < 0)
		task = (struct procfs_task){ 0 };
	event_put_int(b, (int64_t)task.cap_inheritable);
	event_put_int(b, (int64_t)task.cap_permitted);
	event_put_int(b, (int64_t)task.cap_effective);
}

/* prctl(2): the second argument is a text for names, a place for a result, or a number. */
STEP(put_prctl)
{
	uint32_t value = 0;

	switch ((uint32_t)c->args[0]) {
	case PR_GET_NAME:
		put_out_path(c, s, b);
		event_put_int(b, 0);
		break;
	case PR_SET_NAME:
		put_path(c, s, b);
		event_put_int(b, 0);
		break;
	case PR_GET_CHILD_SUBREAPER:
		event_put_absent(b);
		if (put_unknown_yet(c, b))
			break;
		event_put_int(b, read_u32(c, c->args[s->arg], &value) ? (int32_t)value : 0);
		break;
	default:
		event_put_absent(b);
		event_put_int(b, (int64_t)c->args[s->arg]);
		break;
	}
}

/* ptrace(2): address and data, whose meaning depends on the request. */
STEP(put_ptrace)
{
	enum { NUMBER = 0, SIGNAL = 1 };
	uint64_t data = c->args[s->arg + 1];

	if (!c->has_result) {
		put_unknowns(b, s->count);
		return;
	}
	if (c->result < 0) {
		put_dynamic(b, NUMBER, 0, sizeof(uint64_t));
		put_dynamic(b, NUMBER, 0, sizeof(uint64_t));
		return;
	}
	put_dynamic(b, NUMBER, c->args[s->arg], sizeof(uint64_t));
	switch (c->args[0]) {
	case PTRACE_PEEKTEXT:
	case PTRACE_PEEKDATA:
	case PTRACE_PEEKUSR:
		if (!read_u64(c, data, &data))
			data = 0;
		put_dynamic(b, NUMBER, data, sizeof(uint64_t));
		break;
	case PTRACE_CONT:
	case PTRACE_SINGLESTEP:
	case PTRACE_DETACH:
	case PTRACE_SYSCALL:
		put_dynamic(b, SIGNAL, data, sizeof(uint8_t));
		break;
	default:
		put_dynamic(b, NUMBER, data, sizeof(uint64_t));
		break;
	}
}

static void put_limits(const struct call *c, uint64_t address, struct event_builder *b)
{
	int64_t limit[2] = { -1, -1 };

	if (!address || memory_read(c->memory, address, limit, sizeof(limit)) < 0)
		limit[0] = limit[1] = -1;
	event_put_int(b, limit[0]);
	event_put_int(b, limit[1]);
}

/* The limits of setrlimit and prlimit are given, those of getrlimit a result. */
STEP(put_rlimit)
{
	const struct syscall_info *info = syscall_by_number(c->number);
	bool given = info && info->event != EV_SYSCALL_GETRLIMIT_X;

	if (!given && !c->has_result)
		put_unknowns(b, s->count);
	else
		put_limits(c, given || call_succeeded(c) ? c->args[s->arg] : 0, b);
}

STEP(put_old_rlimit)
{
	if (!c->has_result)
		put_unknowns(b, s->count);
	else
		put_limits(c, call_succeeded(c) ? c->args[s->arg] : 0, b);
}

/* ---- keyctl ---- */

/* Which of arguments 2 to 5 (bit 0 = the second) an operation has, and which of them are texts. */
static const struct {
	uint8_t operation, has, text;
} key_operations[] = {
	{ KEYCTL_GET_KEYRING_ID, 3, 0 },	 { KEYCTL_JOIN_SESSION_KEYRING, 1, 1 },
	{ KEYCTL_UPDATE, 7, 0 },	 { KEYCTL_REVOKE, 1, 0 },
	{ KEYCTL_CHOWN, 7, 0 },	 { KEYCTL_SETPERM, 3, 0 },
	{ KEYCTL_DESCRIBE, 7, 0 },	 { KEYCTL_CLEAR, 1, 0 },
	{ KEYCTL_LINK, 3, 0 },	 { KEYCTL_UNLINK, 3, 0 },
	{ KEYCTL_SEARCH, 15, 6 },	 { KEYCTL_READ, 7, 0 },
};

static void put_key_text(const struct call *c, uint64_t address, struct event_builder *b)
{
	char bytes[1 + EVENT_SNAPLEN + 1] = { 1 }; /* the text variant */
	ssize_t n = address ? memory_read_string(c->memory, address, bytes + 1, EVENT_SNAPLEN) : -1;

	if (n == -ENAMETOOLONG)
		n = EVENT_SNAPLEN;
	if (n < 0) {
		event_put_absent(b);
		return;
	}
	bytes[1 + n] = '\0';
	event_put_bytes(b, (struct str){ bytes, (size_t)n + 2 });
}

STEP(put_keyctl)
{
	uint8_t has = 15, text = 0;

	for (size_t i = 0; i < ARRAY_SIZE(key_operations); i++) {
		if (key_operations[i].operation == (uint32_t)c->args[0]) {
			has = key_operations[i].has;
			text = key_operations[i].text;
		}
	}
	for (unsigned int i = 0; i < s->count; i++) {
		if (!(has >> i & 1))
			event_put_absent(b);
		else if (text >> i & 1)
			put_key_text(c, c->args[s->arg + i], b);
		else
			put_dynamic(b, 0, c->args[s->arg + i], sizeof(uint64_t));
	}
}

/* ---- quotactl: the command holds the kind of quota in its low byte ---- */

STEP(put_quota)
{
	enum { QUOTAON = 0x800002 };

	if ((uint32_t)c->args[0] >> 8 == QUOTAON)
		put_path(c, s, b);
	else
		event_put_absent(b);
	/* limits and times of the quota itself are not looked at */
	for (unsigned int i = 1; i < s->count; i++)
		event_put_int(b, 0);
}

STEP(put_quota_command)
{
	event_put_int(b, native_flags_to_event(&native_quotactl_cmds, (uint32_t)c->args[s->arg] >> 8));
}

STEP(put_quota_type)
{
	event_put_int(b, native_flags_to_event(&native_quotactl_types, (uint32_t)c->args[s->arg] & 0xff));
}

/* ---- times, signals, offsets ---- */

STEP(put_interval)
{
	uint64_t t[2]; /* struct timespec */

	if (!c->args[s->arg] || memory_read(c->memory, c->args[s->arg], t, sizeof(t)) < 0)
		event_put_int(b, -1);
	else
		event_put_int(b, (int64_t)(t[0] * 1000000000u + t[1]));
}

STEP(put_sigset)
{
	uint32_t low;

	event_put_int(b, read_u32(c, c->args[s->arg], &low) ? low : 0);
}

STEP(put_offset)
{
	uint64_t v;

	event_put_int(b, read_u64(c, c->args[s->arg], &v) ? (int64_t)v : 0);
}

STEP(put_semop)
{
	struct {
		uint16_t number;
		int16_t operation, flags;
	} ops[2] = { 0 };
	size_t n = (uint32_t)c->args[2] < 2 ? (uint32_t)c->args[2] : 2;

	if (memory_read(c->memory, c->args[s->arg], ops, n * sizeof(ops[0])) < 0)
		memset(ops, 0, sizeof(ops));
	for (size_t i = 0; i < 2; i++) {
		event_put_int(b, ops[i].number);
		event_put_int(b, ops[i].operation);
		event_put_int(b, native_flags_to_event(&native_semop_flags, (uint16_t)ops[i].flags));
	}
}

/* Sizes in KiB after the call, from /proc/PID/statm: total and resident pages first. Swap is not in it. */
STEP(put_memory_use)
{
	char text[128];
	uint64_t pages[2] = { 0 }, page_kb = (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
	struct str rest = { text, 0 };
	ssize_t n;

	if (!c->has_result) {
		put_unknowns(b, s->count);
		return;
	}
	n = procfs_read_file(c->tid, "statm", text, sizeof(text));
	rest.len = n > 0 ? (size_t)n : 0;
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		const char *end = memchr(rest.ptr, ' ', rest.len);
		size_t len = end ? (size_t)(end - rest.ptr) : rest.len;

		if (parse_u64((struct str){ rest.ptr, len }, &pages[i]) < 0)
			break;
		rest.ptr += len + (end != NULL);
		rest.len -= len + (end != NULL);
	}
	event_put_int(b, (int64_t)(pages[0] * page_kb));
	event_put_int(b, (int64_t)(pages[1] * page_kb));
	event_put_int(b, 0);
}

/* struct io_uring_params: what the caller asks, and (after the call) what it got. */
STEP(put_io_uring)
{
	enum { SQ_ENTRIES, CQ_ENTRIES, FLAGS, CPU, IDLE, FEATURES, WORDS };
	uint32_t p[WORDS];

	if (memory_read(c->memory, c->args[s->arg], p, sizeof(p)) < 0)
		memset(p, 0, sizeof(p));
	if (!put_unknown_yet(c, b))
		event_put_int(b, p[SQ_ENTRIES]);
	if (!put_unknown_yet(c, b))
		event_put_int(b, p[CQ_ENTRIES]);
	event_put_int(b, native_flags_to_event(&native_io_uring_setup_flags, p[FLAGS]));
	event_put_int(b, p[CPU]);
	event_put_int(b, p[IDLE]);
	if (!put_unknown_yet(c, b))
		event_put_int(b, native_flags_to_event(&native_io_uring_setup_feats, p[FEATURES]));
}
