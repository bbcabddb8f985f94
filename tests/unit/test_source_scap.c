/* SPDX-License-Identifier: Apache-2.0 */
#include "source/scap.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "event/event_wire.h"
#include "event/ext.h"

#define CAPTURES SRCDIR "/tests/conformance/captures/"

/* What came out of a capture. */
struct seen {
	uint64_t events, processes, fds, users, groups, machines;
	uint64_t sum; /* over all bytes of all events */
	int end; /* of the last next() */
	struct error err;
};

static void on_machine(void *context, const struct machine_record *m)
{
	struct seen *seen = context;

	seen->machines += m->cpus > 0;
}

static int on_process(void *context, const struct process_record *p)
{
	struct seen *seen = context;

	seen->processes++;
	seen->sum += p->comm.len + p->cgroups.len + p->env.len + (uint64_t)p->pgid;
	return 0;
}

static int on_fd(void *context, int64_t tid, const struct fd_record *fd)
{
	struct seen *seen = context;

	seen->fds++;
	seen->sum += (uint64_t)tid + fd->name.len + fd->dport;
	return 0;
}

static int on_user(void *context, uint32_t uid, uint32_t gid, struct str name, struct str home, struct str shell)
{
	struct seen *seen = context;

	seen->users++;
	seen->sum += uid + gid + name.len + home.len + shell.len;
	return 0;
}

static int on_group(void *context, uint32_t gid, struct str name)
{
	struct seen *seen = context;

	seen->groups++;
	seen->sum += gid + name.len;
	return 0;
}

static void replay(const char *path, struct seen *seen)
{
	auto_source struct source *s = NULL;
	struct scap_receiver receiver = { .context = seen, .machine = on_machine, .process = on_process, .fd = on_fd,
					  .user = on_user, .group = on_group };
	struct source_stats stats;
	struct event ev;

	memset(seen, 0, sizeof(*seen));
	seen->end = source_scap_open(path, &s, &seen->err);
	if (seen->end < 0)
		return;
	source_scap_receive(s, &receiver);
	while ((seen->end = s->ops->next(s, &ev, &seen->err)) > 0) {
		seen->events++;
		for (uint32_t i = 0; i < ev.len; i++)
			seen->sum += ev.bytes[i];
	}
	s->ops->stats(s, &stats);
	assert_true(stats.events == seen->events);
	assert_int_equal(s->ops->next(s, &ev, &seen->err), -ENODATA); /* and it stays at its end */
}

static void replay_bytes(const void *bytes, size_t len, struct seen *seen)
{
	auto_fd int fd = memfd_create("capture", MFD_CLOEXEC);
	char path[32];

	assert_int_equal(file_write_all(fd, bytes, len), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	replay(path, seen);
}

static void test_captures(void **state)
{
	static const struct {
		const char *path;
		uint64_t events;
	} rows[] = {
		{ CAPTURES "containers.scap", 3212 }, { CAPTURES "files.scap", 5090 }, { CAPTURES "mixed.scap", 55573 },
		{ CAPTURES "net.scap", 3326 },	      { CAPTURES "proc.scap", 9824 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct seen seen;

		replay(rows[i].path, &seen);
		if (seen.end != -ENODATA)
			fail_msg("%s: %s", rows[i].path, seen.err.text);
		assert_int_equal(seen.events, rows[i].events);
		assert_int_equal(seen.machines, 1);
		assert_int_equal(seen.processes, 2);
		assert_int_equal(seen.fds, 11);
		assert_int_equal(seen.users, 26);
		assert_int_equal(seen.groups, 51);
	}
}

/* ---- damaged ones ---- */

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* The bytes of a capture without its gzip frame. */
static char *unpack(const char *path, size_t *ret_len)
{
	size_t cap = 16 << 20;
	char *bytes = malloc(cap);
	gzFile f = gzopen(path, "rb");
	int n;

	assert_non_null(bytes);
	assert_non_null(f);
	n = gzread(f, bytes, (unsigned int)cap);
	assert_true(n > 0 && (size_t)n < cap);
	gzclose(f);
	*ret_len = (size_t)n;
	return bytes;
}

/* Those that the live tests replay cut and damaged by the whole program; of each the first part. */
#define PART 200000
static const char *const damaged[] = { "containers", "files", "lists-births", "lists-cut",  "lists-roles", "mixed",  "net",
				       "odd",	     "older", "proc",	      "remembered", "unclean",	   "unnamed" };

static char *unpack_damaged(size_t i, char *path, size_t room, size_t *ret_len)
{
	snprintf(path, room, CAPTURES "%s.scap", damaged[i]);
	return unpack(path, ret_len);
}

static void test_cut(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		auto_free char *plain = NULL, *packed = NULL;
		size_t plain_len, packed_len, part;
		struct seen whole, seen;
		char path[256];

		plain = unpack_damaged(i, path, sizeof(path), &plain_len);
		assert_int_equal(file_read_all(path, 1 << 24, &packed, &packed_len, NULL), 0);
		replay_bytes(plain, plain_len, &whole);
		assert_int_equal(whole.end, -ENODATA);
		part = plain_len < PART ? plain_len : PART;
		for (int n = 0; n < 2000; n++) {
			/* half of the cuts in the metadata, where structures are */
			size_t at = (size_t)(next_random(&seed) % (n & 1 ? part : 8192));

			replay_bytes(plain, at, &seen);
			assert_true(seen.end < 0 && seen.events <= whole.events);
			if (seen.end != -ENODATA)
				assert_true(str_contains(str_of(seen.err.text), STR("offset ")));
		}
		for (int n = 0; n < 100; n++) {
			replay_bytes(packed, (size_t)(next_random(&seed) % packed_len), &seen);
			assert_true(seen.end < 0 && seen.end != -ENODATA);
			assert_true(str_contains(str_of(seen.err.text), STR("offset ")));
		}
	}
}

static void test_flipped(void **state)
{
	uint64_t seed = 2;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		auto_free char *plain = NULL;
		unsigned int refused = 0;
		char path[256];
		size_t len;

		plain = unpack_damaged(i, path, sizeof(path), &len);
		len = len < PART ? len : PART;
		for (int n = 0; n < 600; n++) {
			char saved[8];
			size_t at[8];
			struct seen seen;

			for (size_t k = 0; k < 8; k++) {
				at[k] = (size_t)(next_random(&seed) % (n & 1 ? len : 8192));
				saved[k] = plain[at[k]];
				plain[at[k]] = (char)(plain[at[k]] ^ (1 + next_random(&seed) % 255));
			}
			replay_bytes(plain, len, &seen);
			assert_true(seen.end < 0);
			refused += seen.end != -ENODATA;
			if (seen.end != -ENODATA)
				assert_true(str_contains(str_of(seen.err.text), STR("offset ")));
			for (size_t k = 8; k-- > 0;)
				plain[at[k]] = saved[k];
		}
		assert_true(refused > 20);
	}
}

/* ---- single blocks ---- */

static void add_block(struct strbuf *out, uint32_t type, const void *body, size_t len)
{
	uint32_t total = 12 + ((uint32_t)len + 3) / 4 * 4;

	strbuf_add(out, &type, 4);
	strbuf_add(out, &total, 4);
	strbuf_add(out, body, len);
	strbuf_add(out, "\0\0\0", (4 - len % 4) % 4);
	strbuf_add(out, &total, 4);
}

static void add_section(struct strbuf *out)
{
	add_block(out, 0x0a0d0d0a, "\x4d\x3c\x2b\x1a\1\0\2\0\377\377\377\377\377\377\377\377", 16);
}

static void add_event(struct strbuf *out, uint32_t type, const struct event *ev)
{
	auto_strbuf struct strbuf body = { 0 };

	strbuf_add(&body, "\3\0", 2);
	if (type == 0x217 || type == 0x222)
		strbuf_add(&body, "\1\0\0\0", 4);
	strbuf_add(&body, ev->bytes, ev->len);
	add_block(out, type, body.ptr, body.len);
}

static void chdir_event(struct event_builder *b, int64_t tid, struct event *ev)
{
	event_begin(b, EV_SYSCALL_CHDIR_X, 5, tid);
	event_put_int(b, 0);
	event_put_text(b, STR("/tmp"));
	assert_int_equal(event_end(b, ev, NULL), 0);
}

static void open_bytes(const struct strbuf *bytes, int *ret_fd, struct source **ret_source)
{
	char path[32];

	*ret_fd = memfd_create("capture", MFD_CLOEXEC);
	assert_int_equal(file_write_all(*ret_fd, bytes->ptr, bytes->len), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", *ret_fd);
	assert_int_equal(source_scap_open(path, ret_source, NULL), 0);
}

static void test_extension(void **state)
{
	struct event_ext ext = { .real_path = STR("/real"), .raced = RACED_YES };
	struct event_builder b = { 0 };
	auto_strbuf struct strbuf out = { 0 };
	auto_source struct source *s = NULL;
	auto_fd int fd = -1;
	struct event ev;

	(void)state;
	add_section(&out);
	assert_int_equal(ext_encode(&ext, 5, 7, &b, &ev, NULL), 0);
	add_event(&out, 0x221, &ev);
	chdir_event(&b, 7, &ev);
	add_event(&out, 0x217, &ev);
	chdir_event(&b, 7, &ev);
	add_event(&out, 0x216, &ev);
	assert_int_equal(ext_encode(&ext, 5, 8, &b, &ev, NULL), 0);
	add_event(&out, 0x221, &ev);
	chdir_event(&b, 9, &ev); /* another thread's: not what it belongs to */
	add_event(&out, 0x216, &ev);
	open_bytes(&out, &fd, &s);

	assert_int_equal(s->ops->next(s, &ev, NULL), 1);
	assert_int_equal(ev.type, EV_SYSCALL_CHDIR_X);
	assert_int_equal(ev.cpu, 3);
	assert_int_equal(ev.flags, EVENT_FLAG_STATE_ONLY | EVENT_FLAG_UNSHOWN); /* of a capture that is not ours */
	assert_non_null(ev.ext);
	assert_true(str_eq(ev.ext->real_path, STR("/real")) && ev.ext->raced == RACED_YES);
	assert_int_equal(s->ops->next(s, &ev, NULL), 1);
	assert_null(ev.ext);
	assert_int_equal(s->ops->next(s, &ev, NULL), 1);
	assert_int_equal(ev.tid, 9);
	assert_null(ev.ext);
	assert_int_equal(s->ops->next(s, &ev, NULL), -ENODATA);
	event_builder_free(&b);
}

static void test_sections(void **state)
{
	struct event_builder b = { 0 };
	auto_strbuf struct strbuf out = { 0 };
	struct event ev;
	struct seen seen;

	(void)state;
	chdir_event(&b, 7, &ev);
	add_section(&out);
	add_block(&out, 0x999, "unknown", 7); /* skipped before the first event */
	replay_bytes(out.ptr, out.len, &seen);
	assert_int_equal(seen.end, -EBADMSG);
	assert_non_null(strstr(seen.err.text, "without an event"));
	add_event(&out, 0x216, &ev);
	add_section(&out);
	add_event(&out, 0x216, &ev);
	replay_bytes(out.ptr, out.len, &seen);
	assert_int_equal(seen.end, -ENODATA);
	assert_int_equal(seen.events, 2);
	add_block(&out, 0x999, "unknown", 7);
	replay_bytes(out.ptr, out.len, &seen);
	assert_int_equal(seen.end, -EBADMSG);
	assert_int_equal(seen.events, 2);
	event_builder_free(&b);
}

/* More parameters than any event has, and than there is room for, with lengths that agree. */
static void test_parameters(void **state)
{
	static const uint32_t counts[] = { EVENT_MAX_PARAMS, EVENT_MAX_PARAMS + 1, UINT8_MAX, UINT16_MAX };
	static uint8_t bytes[EVENT_HEADER_BYTES + 2 * UINT16_MAX];
	struct seen seen;

	(void)state;
	for (uint16_t type = 0; type < EV_COUNT; type++) {
		for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
			auto_strbuf struct strbuf out = { 0 };
			const struct event ev = { .bytes = bytes, .len = EVENT_HEADER_BYTES + 2 * counts[i] };

			memcpy(bytes + EVENT_HEADER_LEN, &ev.len, 4);
			memcpy(bytes + EVENT_HEADER_TYPE, &type, 2);
			memcpy(bytes + EVENT_HEADER_NPARAMS, &counts[i], 4);
			add_section(&out);
			add_event(&out, 0x216, &ev);
			replay_bytes(out.ptr, out.len, &seen);
			assert_int_equal(seen.end, -EBADMSG);
		}
	}
}

static void test_foreign(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int end;
		const char *said;
	} rows[] = {
		{ "", 0, -EBADMSG, "the file is empty" },
		{ "hello world, this is no capture", 31, -EBADMSG, "a section header" },
		{ "\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0\377\377\377\377\377\377\377\377\x1c\0\0\0"
		  "\1\0\0\0\x14\0\0\0\1\0\0\0\0\0\0\0\x14\0\0\0\3\0\0\0\x10\0\0\0\0\0\0\0\x10\0\0\0",
		  64, -EBADMSG, "a capture of a network" },
		{ "\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0\377\377\377\377\377\377\377\377\x1c\0\0\0"
		  "\1\0\0\0\x14\0\0\0\1\0\0\0\0\0\0\0\x14\0\0\0",
		  48, -EBADMSG, "without an event" },
		{ "\xfd\x37zXZ\0\0\4", 8, -EBADMSG, "'xz -dc' gives" },
		{ "\x28\xb5\x2f\xfd\4\0\1\2\3", 9, -EBADMSG, "'zstd -dc' gives" },
		{ "\xd4\xc3\xb2\xa1\2\0\4\0", 8, -EBADMSG, "(pcap)" },
		{ "\xfd\x37zX", 4, -EBADMSG, "a section header" },
		{ "\x1f\x8b no gzip either", 18, -EBADMSG, "offset 0" },
		{ "\x0a\x0d\x0d\x0a\x1c\0\0\0\x1a\x2b\x3c\x4d\1\0\2\0\377\377\377\377\377\377\377\377\x1c\0\0\0", 28,
		  -ENOTSUP, "offset 0" },
		{ "\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\2\0\2\0\377\377\377\377\377\377\377\377\x1c\0\0\0", 28,
		  -ENOTSUP, "offset 0" },
		{ "\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1b\1\0\2\0\377\377\377\377\377\377\377\377\x1c\0\0\0", 28,
		  -EBADMSG, "offset 0" },
		{ "\x0a\x0d\x0d\x0a\0\0\0\0", 8, -EBADMSG, "offset 0" },
		{ "\x0a\x0d\x0d\x0a\377\377\377\377", 8, -EBADMSG, "offset 0" },
	};
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		replay_bytes(rows[i].bytes, rows[i].len, &seen);
		assert_int_equal(seen.end, rows[i].end);
		assert_non_null(strstr(seen.err.text, "offset"));
		assert_non_null(strstr(seen.err.text, rows[i].said));
		assert_memory_equal(seen.err.text, "/proc/self/fd/", 14); /* where replay_bytes() has them */
	}
	replay("/does/not/exist", &seen);
	assert_int_equal(seen.end, -ENOENT);
	replay("/", &seen);
	assert_int_equal(seen.end, -EISDIR);
}

/* ---- pipes ---- */

/* Who writes may stop at any byte: the reader is told that nothing comes now, and goes on where it was. */
static void test_pipe(void **state)
{
	auto_source struct source *s = NULL;
	struct event_builder b = { 0 };
	auto_strbuf struct strbuf out = { 0 };
	auto_fd int from = -1, to = -1;
	int ends[2];
	size_t head, half;
	struct event ev;
	char path[32];

	(void)state;
	add_section(&out);
	head = out.len;
	chdir_event(&b, 7, &ev);
	add_event(&out, 0x216, &ev);
	half = head + 10;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	from = ends[0];
	to = ends[1];
	assert_int_equal(file_write_all(to, out.ptr, half), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", from);
	assert_int_equal(source_scap_open(path, &s, NULL), 0);
	assert_int_equal(s->ops->next(s, &ev, NULL), 0);
	assert_int_equal(s->ops->next(s, &ev, NULL), 0);
	assert_int_equal(file_write_all(to, out.ptr + half, out.len - half), 0);
	assert_int_equal(s->ops->next(s, &ev, NULL), 1);
	assert_int_equal(ev.tid, 7);
	assert_int_equal(s->ops->next(s, &ev, NULL), 0);
	close(take_fd(to));
	assert_int_equal(s->ops->next(s, &ev, NULL), -ENODATA);
	event_builder_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_captures), cmocka_unit_test(test_cut),	  cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_extension), cmocka_unit_test(test_sections), cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_parameters), cmocka_unit_test(test_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
