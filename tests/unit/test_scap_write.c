/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/file.h"
#include "event/event_text.h"
#include "event/event_wire.h"
#include "source/scap_write.h"
#include "source/scap_write_meta.h"
#include "capture_world.h"

/* ---- what comes back ---- */

struct seen {
	unsigned int machines, users, groups, interfaces;
	struct process_record process;
	char comm[64], args[64], cgroups[64];
	struct fd_record fds[8];
	char names[8][64];
	int64_t fd_tids[8];
	size_t nfds;
};

static void keep(char *to, size_t size, struct str s)
{
	assert_true(s.len < size);
	memcpy(to, s.ptr, s.len);
	to[s.len] = 0;
}

static void take_machine(void *context, const struct machine_record *m)
{
	struct seen *seen = context;

	assert_int_equal(m->cpus, 4);
	assert_int_equal(m->boot_ts_ns, 123456789);
	assert_string_equal(m->hostname, "box");
	seen->machines++;
}

static int take_process(void *context, const struct process_record *p)
{
	struct seen *seen = context;

	seen->process = *p;
	keep(seen->comm, sizeof(seen->comm), p->comm);
	keep(seen->args, sizeof(seen->args), p->args);
	keep(seen->cgroups, sizeof(seen->cgroups), p->cgroups);
	return 0;
}

static int take_one_fd(void *context, int64_t tid, const struct fd_record *fd)
{
	struct seen *seen = context;

	assert_true(seen->nfds < ARRAY_SIZE(seen->fds));
	seen->fds[seen->nfds] = *fd;
	seen->fd_tids[seen->nfds] = tid;
	keep(seen->names[seen->nfds], sizeof(seen->names[0]), fd->name);
	seen->nfds++;
	return 0;
}

static int take_user(void *context, uint32_t uid, uint32_t gid, struct str name, struct str home, struct str shell)
{
	struct seen *seen = context;

	assert_int_equal(uid, 1000);
	assert_int_equal(gid, 100);
	assert_true(str_eq(name, STR("eve")) && str_eq(home, STR("/home/eve")) && str_eq(shell, STR("/bin/sh")));
	seen->users++;
	return 0;
}

static int take_group(void *context, uint32_t gid, struct str name)
{
	struct seen *seen = context;

	assert_true(gid == 100 && str_eq(name, STR("users")));
	seen->groups++;
	return 0;
}

static int take_interface(void *context, const struct interface_record *i)
{
	struct seen *seen = context;

	assert_true(str_eq(i->name, i->v6 ? STR("eth0") : STR("lo")));
	assert_int_equal(i->address[0], i->v6 ? 0xfe : 127);
	seen->interfaces++;
	return 0;
}

/* ---- writing ---- */

static struct scap_writer *open_writer(bool compress, uint32_t snaplen)
{
	const struct scap_writer_options options = {
		.compress = compress ? SCAP_GZIP : SCAP_PLAIN,
		.snaplen = snaplen,
		.origin = { .traits = SOURCE_REPORTS_THREADS, .container = STR("a name"), .match_realpath = true },
	};
	struct scap_writer *w = NULL;
	struct error err;

	assert_int_equal(scap_writer_open(path, &options, &w, &err), 0);
	return w;
}

static void describe(const struct scap_receiver *to)
{
	const struct machine_record machine = { .cpus = 4, .boot_ts_ns = 123456789, .hostname = "box" };
	const struct process_record process = {
		.tid = 7,
		.pid = 7,
		.ptid = 1,
		.sid = 5,
		.vpgid = 6,
		.pgid = 8,
		.vtid = 2,
		.vpid = 3,
		.comm = STR("sh"),
		.args = { "-c\0x", 5 },
		.cgroups = { "cpu=/a", 7 },
		.uid = 1000,
		.loginuid = 44,
		.has_loginuid = true,
		.tty = 9,
		.cap_effective = 77,
		.exe_ino = 11,
		.exe_writable = true,
		.exe_from_memfd = true,
	};
	const struct fd_record fds[] = {
		{ .number = 1, .type = 16, .name = STR("/etc/hosts"), .open_flags = 1, .dev = 5, .ino = 6 },
		{ .number = 2, .type = 3, .sip = { 1, 2, 3, 4 }, .dip = { 5, 6, 7, 8 }, .sport = 99,
		  .dport = 80, .l4 = 2 },
		{ .number = 3, .type = 6, .dip = { 0xfe }, .dport = 443, .l4 = 2 },
		{ .number = 4, .type = 8, .name = STR("/run/x"), .unix_source = 1, .unix_destination = 2 },
		{ .number = 5, .type = 7, .name = STR("pipe:[1]") },
	};
	const struct interface_record v4 = { .name = STR("lo"), .address = { 127, 0, 0, 1 }, .netmask = { 255 } };
	const struct interface_record v6 = { .name = STR("eth0"), .v6 = true, .address = { 0xfe, 0x80 } };

	to->machine(to->context, &machine);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		assert_int_equal(to->fd(to->context, i < 3 ? 7 : 8, &fds[i]), 0);
	assert_int_equal(to->process(to->context, &process), 0);
	assert_int_equal(to->user(to->context, 1000, 100, STR("eve"), STR("/home/eve"), STR("/bin/sh")), 0);
	assert_int_equal(to->group(to->context, 100, STR("users")), 0);
	assert_int_equal(to->interface(to->context, &v4), 0);
	assert_int_equal(to->interface(to->context, &v6), 0);
}

/* ---- tests ---- */

static const char *const lines[] = {
	"1000 7 openat fd=3 dirfd=-100 name=/etc/hosts flags=1 mode=0 dev=1 ino=2",
	"1001 7 write res=5 data=b\"hello\" fd=3 size=5",
	"1002 7 close @cpu=3 @flags=1 res=0 fd=3",
	"1003 7 container json={}",
};

static void round_trip(bool compress)
{
	const struct event_ext ext = { .real_path = STR("/etc/other"), .args = STR("") };
	struct seen seen = { 0 };
	const struct scap_receiver receiver = { &seen,	    take_machine, take_process,	 take_one_fd,
						take_user, take_group,	 take_interface };
	struct scap_writer *w = open_writer(compress, UINT32_MAX);
	auto_source struct source *s = NULL;
	struct scap_origin origin;
	struct event ev;
	struct error err;

	describe(scap_writer_receiver(w));
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		put(w, lines[i], i == 1 ? &ext : NULL);
		/* each flush is an end that a reader accepts */
		assert_int_equal(scap_writer_flush(w, &err), 0);
		assert_int_equal(source_scap_open(path, &s, &err), 0);
		for (size_t k = 0; k <= i; k++)
			expect(s, lines[k], k == 1 ? "/etc/other" : NULL);
		assert_int_equal(s->ops->next(s, &ev, &err), -ENODATA);
		source_close(s);
		s = NULL;
	}
	finish(w);
	assert_int_equal(source_scap_open(path, &s, &err), 0);
	source_scap_origin(s, &origin);
	assert_true(origin.ours && origin.match_realpath && !origin.known_fds);
	assert_false(source_scap_knows_fds(s));
	assert_int_equal(s->traits, SOURCE_REPORTS_THREADS);
	assert_true(str_eq(s->container, STR("a name")) && str_eq(origin.container, STR("a name")));
	source_scap_receive(s, &receiver);
	expect(s, lines[0], NULL);
	assert_int_equal(seen.machines, 1);
	assert_int_equal(seen.users, 1);
	assert_int_equal(seen.groups, 1);
	assert_int_equal(seen.interfaces, 2);
	assert_int_equal(seen.process.pgid, 8);
	assert_int_equal(seen.process.cap_effective, 77);
	assert_int_equal(seen.process.loginuid, 44);
	assert_true(seen.process.exe_from_memfd && seen.process.exe_writable && !seen.process.exe_upper_layer);
	assert_string_equal(seen.comm, "sh");
	assert_memory_equal(seen.args, "-c\0x", 5);
	assert_int_equal(seen.nfds, 5);
	assert_string_equal(seen.names[0], "/etc/hosts");
	assert_int_equal(seen.fds[0].dev, 5);
	assert_int_equal(seen.fds[1].dport, 80);
	assert_int_equal(seen.fds[1].sip[3], 4);
	assert_int_equal(seen.fds[2].dip[0], 0xfe);
	assert_int_equal(seen.fds[3].unix_destination, 2);
	assert_int_equal(seen.fd_tids[3], 8);
	assert_string_equal(seen.names[4], "pipe:[1]");
}

static void test_plain(void **state)
{
	(void)state;
	round_trip(false);
}

static void test_gzip(void **state)
{
	(void)state;
	round_trip(true);
}

static void test_snaplen(void **state)
{
	struct scap_writer *w = open_writer(false, 2);
	auto_source struct source *s = NULL;
	struct scap_writer_stats stats;
	struct error err;

	(void)state;
	put(w, lines[1], NULL);
	put(w, "1001 7 write res=1 data=b\"h\" fd=3 size=1", NULL);
	scap_writer_stats(w, &stats);
	assert_int_equal(stats.cut, 1);
	assert_int_equal(stats.events, 2);
	finish(w);
	assert_int_equal(source_scap_open(path, &s, &err), 0);
	expect(s, "1001 7 write res=5 data=b\"he\" fd=3 size=5", NULL);
	expect(s, "1001 7 write res=1 data=b\"h\" fd=3 size=1", NULL);
}

static void test_buffers(void **state)
{
	static const char *const reads = "1001 7 read res=5 data=b\"hello\" fd=3 size=5";
	static const struct {
		enum scap_buffers keep;
		size_t read, written; /* bytes kept */
	} cases[] = {
		{ SCAP_BUFFERS_ALL, 3, 3 },
		{ SCAP_BUFFERS_READ, 3, 0 },
		{ SCAP_BUFFERS_WRITE, 0, 3 },
		{ SCAP_BUFFERS_NONE, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct scap_writer_options options = { .snaplen = 3, .buffers = cases[i].keep };
		struct scap_writer *w;
		struct source *s;
		struct event ev;
		struct error err;

		assert_int_equal(scap_writer_open(path, &options, &w, &err), 0);
		put(w, reads, NULL);
		put(w, lines[1], NULL);
		put(w, lines[0], NULL);
		finish(w);
		assert_int_equal(source_scap_open(path, &s, &err), 0);
		assert_int_equal(s->ops->next(s, &ev, &err), 1);
		assert_int_equal(event_param(&ev, 1).len, cases[i].read);
		assert_int_equal(event_param_int(&ev, 2), 3);
		assert_int_equal(s->ops->next(s, &ev, &err), 1);
		assert_int_equal(event_param(&ev, 1).len, cases[i].written);
		expect(s, lines[0], NULL);
		source_close(s);
	}
}

static void test_layouts(void **state)
{
	static const char *const now[] = { "1 7 socket fd=3 domain=2 type=1 proto=0 flags=5",
					   "2 7 fcntl res=0 fd=3 cmd=4 arg=9" };
	static const uint32_t params[2][2] = { { 5, 4 }, { 4, 3 } };

	(void)state;
	for (size_t older = 0; older < 2; older++) {
		const struct scap_writer_options options = { .snaplen = UINT32_MAX, .older_layouts = older };
		struct scap_writer *w, *file;
		struct event_builder b = { 0 };
		struct event ev, first;
		struct source *s;
		struct error err;

		assert_int_equal(scap_writer_open_memory(&options, &w, &err), 0);
		for (size_t i = 0; i < 2; i++) {
			struct str block, before = scap_writer_bytes(w, true);

			put(w, now[i], NULL);
			block = scap_writer_bytes(w, true);
			if (i == 0)
				block = scap_writer_bytes(w, false); /* the head comes with the first event */
			else
				block = (struct str){ block.ptr + before.len, block.len - before.len };
			/* behind block type, length and processor */
			assert_int_equal(event_read(&first, block.ptr + 10,
						    bytes_u32((const uint8_t *)block.ptr + 10 + 16), &err),
					 0);
			assert_int_equal(first.nparams, params[i][older]);
			if (event_text_parse(&b, str_of(now[i]), &ev, &err) < 0)
				fail_msg("%s", err.text);
			for (unsigned int k = 0; k < first.nparams; k++)
				assert_true(str_eq(event_param(&first, k), event_param(&ev, k)));
		}
		/* and it is a capture that replays, with what is missing filled in */
		assert_int_equal(scap_writer_open(path, &options, &file, &err), 0);
		assert_int_equal(scap_writer_append(file, scap_writer_bytes(w, true), 2, &err), 0);
		finish(file);
		finish(w);
		assert_int_equal(source_scap_open(path, &s, &err), 0);
		for (size_t i = 0; i < 2; i++) {
			assert_int_equal(s->ops->next(s, &ev, &err), 1);
			assert_int_equal(ev.nparams, params[i][0]);
		}
		source_close(s);
		event_builder_free(&b);
	}
}

/* Two parts made in memory become one file; the second one leaves its head out. */
static void append_parts(enum scap_compress compress)
{
	const struct scap_writer_options options = { .compress = compress, .snaplen = UINT32_MAX };
	struct seen seen = { 0 };
	const struct scap_receiver receiver = { &seen,	    take_machine, take_process,	 take_one_fd,
						take_user, take_group,	 take_interface };
	struct scap_write_meta head = { 0 };
	struct scap_receiver accounts;
	struct scap_writer *parts[2], *w;
	auto_source struct source *s = NULL;
	struct scap_writer_stats stats;
	struct event ev;
	struct error err;

	scap_write_meta_receive(&head, &accounts);
	describe(&accounts);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(scap_writer_open_memory(&options, &parts[i], &err), 0);
		assert_int_equal(scap_writer_take_head(parts[i], &head), 0);
		/* more than one buffer holds */
		for (size_t k = 0; k < 5000; k++)
			put(parts[i], lines[i], NULL);
		assert_true(scap_writer_bytes(parts[i], true).len > scap_writer_bytes(parts[i], false).len + 100);
		assert_int_equal(scap_writer_flush(parts[i], &err), 0);
	}
	assert_int_equal(scap_writer_open(path, &options, &w, &err), 0);
	assert_int_equal(scap_writer_append(w, scap_writer_bytes(parts[0], true), 5000, &err), 0);
	assert_int_equal(scap_writer_append(w, scap_writer_bytes(parts[1], false), 5000, &err), 0);
	put(w, lines[2], NULL);
	scap_writer_stats(w, &stats);
	assert_int_equal(stats.events, 10001);
	finish(w);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(scap_writer_close(parts[i], &err), 0);
	scap_write_meta_free(&head);

	assert_int_equal(source_scap_open(path, &s, &err), 0);
	source_scap_receive(s, &receiver);
	for (size_t k = 0; k < 10000; k++)
		expect(s, lines[k / 5000], NULL);
	expect(s, lines[2], NULL);
	assert_int_equal(s->ops->next(s, &ev, &err), -ENODATA);
	/* machine, users and interfaces alone: processes are whoever lists them for this part */
	assert_int_equal(seen.machines, 1);
	assert_int_equal(seen.users, 1);
	assert_int_equal(seen.interfaces, 2);
	assert_int_equal(seen.nfds, 0);
}

static void test_append(void **state)
{
	(void)state;
	append_parts(SCAP_PLAIN);
	append_parts(SCAP_GZIP_FAST);
}

static void test_create_only(void **state)
{
	const struct scap_writer_options options = { .snaplen = UINT32_MAX, .create_only = true };
	struct scap_writer *w = NULL;
	struct error err;

	(void)state;
	finish(open_writer(false, UINT32_MAX));
	assert_int_equal(scap_writer_open(path, &options, &w, &err), -EEXIST);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(scap_writer_open(path, &options, &w, &err), 0);
	finish(w);
}

/* All that was flushed is in the file, also what the buffer had been emptied of before. */
static void test_gzip_flush_of_much(void **state)
{
	struct scap_writer *w = open_writer(true, UINT32_MAX);
	auto_source struct source *s = NULL;
	struct event ev;
	struct stat once, twice;
	struct error err;
	size_t n = 0;

	(void)state;
	for (size_t k = 0; k < 20000; k++)
		put(w, lines[0], NULL);
	assert_int_equal(scap_writer_flush(w, &err), 0);
	assert_int_equal(stat(path, &once), 0);
	assert_int_equal(scap_writer_flush(w, &err), 0);
	assert_int_equal(source_scap_open(path, &s, &err), 0);
	while (s->ops->next(s, &ev, &err) == 1)
		n++;
	assert_int_equal(n, 20000);
	assert_int_equal(stat(path, &twice), 0);
	assert_int_equal(twice.st_size, once.st_size);
	finish(w);
}

/* A file that grows: what is not whole yet comes when it is. */
static void grows(bool compress)
{
	struct scap_writer *w = open_writer(compress, UINT32_MAX);
	auto_source struct source *s = NULL;
	struct event ev;
	struct error err;

	put(w, lines[0], NULL);
	assert_int_equal(scap_writer_flush(w, &err), 0);
	assert_int_equal(source_scap_open(path, &s, &err), 0);
	source_scap_follow(s);
	expect(s, lines[0], NULL);
	assert_int_equal(s->ops->next(s, &ev, &err), 0);
	put(w, lines[1], NULL);
	assert_int_equal(s->ops->next(s, &ev, &err), 0);
	assert_int_equal(scap_writer_flush(w, &err), 0);
	expect(s, lines[1], NULL);
	assert_int_equal(s->ops->next(s, &ev, &err), 0);
	finish(w);
	assert_int_equal(s->ops->next(s, &ev, &err), 0);
}

static void test_follow(void **state)
{
	(void)state;
	grows(false);
	grows(true);
}

static void test_merge(void **state)
{
	static const char *const order[] = {
		"5 1 close res=0 fd=1", "6 2 close res=0 fd=1", "7 1 close res=0 fd=1",
		"7 2 close res=0 fd=1", "9 1 close res=0 fd=1",
	};
	struct source *sources[2];
	auto_source struct source *s = NULL;
	struct event ev;
	struct error err;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct scap_writer *w = open_writer(false, UINT32_MAX);

		for (size_t k = 0; k < ARRAY_SIZE(order); k++)
			if (order[k][2] == (i ? '2' : '1'))
				put(w, order[k], NULL);
		finish(w);
		assert_int_equal(source_scap_open(path, &sources[i], &err), 0);
		/* the open file keeps its bytes when the next one takes its name */
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(source_merge_open(sources, 2, &s, &err), 0);
	for (size_t k = 0; k < ARRAY_SIZE(order); k++)
		expect(s, order[k], NULL);
	assert_int_equal(s->ops->next(s, &ev, &err), -ENODATA);
}

/* A full disk is told, and nothing follows. */
static void test_full(void **state)
{
	const struct scap_writer_options options = { .snaplen = UINT32_MAX };
	struct scap_writer *w = NULL;
	struct error err;

	(void)state;
	if (access("/dev/full", W_OK) < 0)
		skip();
	assert_int_equal(scap_writer_open("/dev/full", &options, &w, &err), 0);
	put(w, lines[0], NULL);
	assert_int_equal(scap_writer_flush(w, &err), -ENOSPC);
	put(w, lines[0], NULL);
	assert_int_equal(scap_writer_flush(w, &err), -ENOSPC);
	assert_int_equal(scap_writer_close(w, &err), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_snaplen),
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_buffers),
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_create_only),
		cmocka_unit_test(test_gzip_flush_of_much),
	};

	return cmocka_run_group_tests(tests, make_path, remove_path);
}
