/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/limits.h"
#include "source/scap_write.h"
#include "capture_world.h"

#define RECORD "monitor-task" /* a record's own name */

static const struct scap_writer_options newest = { .snaplen = UINT32_MAX,
						   .origin = { .ours = true, .implied = SCAP_IMPLIES_NEWEST } };

static const struct process_record shell = {
	.tid = 30,
	.pid = 30,
	.ptid = 1,
	.sid = 30,
	.vpgid = 30,
	.pgid = 30,
	.vtid = 3,
	.vpid = 3,
	.comm = { "sh", 2 },
	.exe = { "/bin/sh", 7 },
	.exepath = { "/usr/bin/dash", 13 },
	.args = { "-c\0true", 8 },
	.cwd = { "/tmp", 4 },
	.env = { "A=b\0C=d", 8 },
	.cgroups = { "cpu=/a", 7 },
	.root = { "/", 1 },
	.fdlimit = 1024,
	.uid = 5,
	.gid = 6,
	.loginuid = 7,
	.tty = 8,
	.vm_size_kb = 100,
	.vm_rss_kb = 50,
	.vm_swap_kb = 1,
	.pfmajor = 2,
	.pfminor = 3,
	.cap_inheritable = 1,
	.cap_permitted = 2,
	.cap_effective = 4,
	.exe_ino = 77,
	.exe_ino_ctime = 78,
	.exe_ino_mtime = 79,
	.exe_writable = true,
	.exe_lower_layer = true,
	.has_caps = true,
	.has_loginuid = true,
	.has_tty = true,
};

/* shell's event, as the tracer tells it: SAME up to its memory, and what the list has not. */
#define HEAD(ts, tid)  ts " " tid " task"
#define FIRST	       " ppid=1 pgid=30 vpgid=30 sid=30 comm=sh argv=b\"/bin/sh\\x00-c\\x00true\\x00\" exepath=/usr/bin/dash flags=9" \
		       " env=b\"A=b\\x00C=d\\x00\""
#define THEN	       " fdlimit=1024 euid=5 egid=6 cap_permitted=2 cap_effective=4 cap_inheritable=1" \
		       " exe_ino_num=77 exe_ino_ctime=78 exe_ino_mtime=79"
#define LAST	       " vtgid=3 vpid=3 pidns_init_start_ts=0 cgroups=b\"cpu=/a\\x00\" root=/"
#define SHELL_TID      "128849018910" /* 30 << 32 | 30 */
#define TASK(ts, tid, cwd, memory, began) \
	HEAD(ts, tid) FIRST " cwd=" cwd THEN memory LAST " start_time=" began " tty=8 loginuid=7"
#define MEMORY " vm_size=100 vm_rss=50 vm_swap=1 pgft_maj=2 pgft_min=3"
#define GROWN  " vm_size=104 vm_rss=54 vm_swap=0 pgft_maj=3 pgft_min=300"

static const struct {
	const char *line;
	bool written; /* itself, not as a record */
} cases[] = {
	{ TASK("1", SHELL_TID, "/tmp", MEMORY, "12345"), false },
	{ TASK("2", SHELL_TID, "/tmp", GROWN, "12346"), false },
	{ TASK("3", SHELL_TID, "/var", MEMORY, "12345"), true },
	{ TASK("4", "128849018911", "/tmp", MEMORY, "12345"), true }, /* a thread that is not listed */
	{ HEAD("5", SHELL_TID) " @flags=1" FIRST " cwd=/tmp" THEN MEMORY LAST " start_time=1 tty=8 loginuid=7",
	  true }, /* an answer */
	{ HEAD("6", SHELL_TID) FIRST " cwd=/tmp" THEN MEMORY LAST " start_time=NA tty=NA loginuid=NA", true },
	{ "7 30 close res=0 fd=3", true },
	{ TASK("8", SHELL_TID, "/tmp", MEMORY, "0"), false },
};

static struct scap_writer *start(const struct scap_writer_options *options)
{
	const struct scap_receiver *to;
	struct scap_writer *w;
	struct error err;

	assert_int_equal(scap_writer_open(path, options, &w, &err), 0);
	to = scap_writer_receiver(w);
	assert_int_equal(to->process(to->context, &shell), 0);
	return w;
}

/* What was written, and how often the record's name is in it. */
static size_t count_records(void)
{
	auto_free char *text = NULL;
	size_t len, n = 0;

	assert_int_equal(file_read_all(path, 1 << 20, &text, &len, NULL), 0);
	for (const char *at = text; (at = memmem(at, len - (size_t)(at - text), RECORD, sizeof(RECORD))) != NULL; at++)
		n++;
	return n;
}

/* What the list says is left out of the events, and comes back. */
static void test_tasks(void **state)
{
	auto_source struct source *s = NULL;
	struct scap_writer *w = start(&newest);
	size_t records = 0;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put(w, cases[i].line, NULL);
		assert_int_equal(scap_writer_flush(w, &err), 0);
		records += !cases[i].written;
		assert_int_equal(count_records(), records);
	}
	finish(w);
	assert_int_equal(source_scap_open(path, &s, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect(s, cases[i].line, NULL);
}

/* Readers that do not fill in get it all. */
static void test_all(void **state)
{
	const struct scap_writer_options all = { .snaplen = UINT32_MAX };
	struct scap_writer *w = start(&all);

	(void)state;
	put(w, cases[0].line, NULL);
	finish(w);
	assert_int_equal(count_records(), 0);
}

/* A list's first processes are known, of any number. */
static void test_many(void **state)
{
	enum { SHELLS = SCAP_TASKS + 10 };
	auto_source struct source *s = NULL;
	struct scap_writer *w = start(&newest);
	static char lines[SHELLS][1000];
	struct error err;

	(void)state;
	for (int i = 1; i < SHELLS; i++) {
		const struct scap_receiver *to = scap_writer_receiver(w);
		struct process_record one = shell;

		one.pid = one.tid = 30 + i;
		assert_int_equal(to->process(to->context, &one), 0);
	}
	for (int i = 0; i < SHELLS; i++) {
		int64_t pid = 30 + i;

		snprintf(lines[i], sizeof(lines[i]), "%d %lld%s", i, (long long)(pid << 32 | pid),
			 strstr(cases[0].line, " task"));
		put(w, lines[i], NULL);
	}
	finish(w);
	assert_int_equal(count_records(), SCAP_TASKS);
	assert_int_equal(source_scap_open(path, &s, &err), 0);
	for (int i = 0; i < SHELLS; i++)
		expect(s, lines[i], NULL);
}

static void expect_fault(const char *message, int code)
{
	auto_source struct source *s = NULL;
	struct error err = { 0 };
	struct event ev;
	int r = source_scap_open(path, &s, &err);

	if (r == 0)
		r = s->ops->next(s, &ev, &err);
	assert_int_equal(r, code);
	assert_non_null(strstr(err.text, message));
}

/* Records that stand for nothing. */
static void test_faults(void **state)
{
	static const struct {
		const char *line, *message;
	} faults[] = {
		{ "1 " SHELL_TID " asyncevent plugin_id=0 name=monitor-task data=b\"0123456789\"",
		  "told again by 10 bytes, 36 were" },
		{ "1 31 asyncevent plugin_id=0 name=monitor-task data=b\"012345678901234567890123456789012345\"",
		  "process 31 is told again, but" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct scap_writer *w = start(&newest);

		put(w, faults[i].line, NULL);
		finish(w);
		expect_fault(faults[i].message, -EBADMSG);
	}
}

/* What leaves out more than is known is refused. */
static void test_newer(void **state)
{
	struct scap_writer *w = start(&newest);
	auto_free char *text = NULL;
	size_t len;
	char *at;
	FILE *f;

	(void)state;
	put(w, cases[0].line, NULL);
	finish(w);
	assert_int_equal(file_read_all(path, 1 << 20, &text, &len, NULL), 0);
	at = memmem(text, len, "implied=4", 9);
	assert_non_null(at);
	at[8] = '5';
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	expect_fault("a newer monitor wrote this capture", -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tasks),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_newer),
	};

	return cmocka_run_group_tests(tests, make_path, remove_path);
}
