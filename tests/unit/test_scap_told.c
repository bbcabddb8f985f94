/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/file.h"
#include "event/event_text.h"
#include "event/event_wire.h"
#include "source/scap_meta.h"
#include "source/scap_told.h"
#include "source/scap_write.h"
#include "capture_world.h"

/* What a record tells that every reader supposes anyway is left out, and comes back. */
static void test_implied(void **state)
{
	static const struct {
		const char *line, *real_path;
		bool written, raced;
	} cases[] = {
		{ "1 7 openat fd=3 dirfd=-100 name=/etc/hosts flags=1 mode=0 dev=1 ino=2", "/etc/hosts", false, false },
		{ "2 7 openat fd=3 dirfd=-100 name=/etc/hosts flags=1 mode=0 dev=1 ino=2", "/etc/other", true, false },
		{ "3 7 openat fd=3 dirfd=-100 name=/etc/hosts flags=1 mode=0 dev=1 ino=2", "", true, false },
		{ "4 7 openat fd=3 dirfd=-100 name=/etc/hosts flags=1 mode=0 dev=1 ino=2", "/etc/hosts", true, true },
		{ "4 7 openat fd=3 dirfd=-100 name=/etc/hosts flags=1 mode=0 dev=1 ino=2", "/etc/hosts", false, true },
		{ "5 7 openat fd=-2 dirfd=-100 name=/etc/hosts flags=1 mode=0 dev=1 ino=2", "", false, false },
		{ "6 7 openat fd=3 dirfd=5 name=hosts flags=1 mode=0 dev=1 ino=2", "/etc/hosts", true, false },
		{ "7 7 openat fd=3 dirfd=5 name=hosts flags=1 mode=0 dev=1 ino=2", "", false, false },
		{ "8 7 close res=0 fd=3", "", false, false },
		{ "9 7 close res=0 fd=3", "", false, true },
		{ "10 7 openat fd=3 dirfd=-100 name=/l/a/x flags=1 mode=0 dev=1 ino=2", "/usr/l/a/x", true, false },
		{ "11 7 openat fd=3 dirfd=-100 name=/l/a/x flags=1 mode=0 dev=1 ino=2", "/usr/l/a/x", false, false },
		{ "12 7 openat fd=3 dirfd=-100 name=/l/b/../b//y flags=1 mode=0 dev=1 ino=2", "/usr/l/b/y", false,
		  false },
		{ "13 7 openat fd=3 dirfd=-100 name=/l/z flags=1 mode=0 dev=1 ino=2", "/l/z", true,
		  false }, /* no link any more */
		{ "14 7 openat fd=3 dirfd=-100 name=/l/q flags=1 mode=0 dev=1 ino=2", "/l/q", false, false },
		{ "15 7 openat fd=3 dirfd=-100 name=/l/a/x flags=1 mode=0 dev=1 ino=2", "/usr/l/a/x", false, false },
		{ "16 7 openat fd=3 dirfd=-100 name=/proc/self/maps flags=1 mode=0 dev=1 ino=2", "/proc/7/maps", false,
		  false },
	};
	const struct scap_writer_options options = { .snaplen = UINT32_MAX,
						     .origin = { .implied = SCAP_IMPLIES_NEWEST } };
	auto_source struct source *s = NULL;
	struct scap_writer *w, *file;
	struct error err;

	(void)state;
	assert_int_equal(scap_writer_open_memory(&options, &w, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct event_ext ext = { .real_path = str_of(cases[i].real_path),
					       .args = STR(""),
					       .stack = STR(""),
					       .ip = 77,
					       .raced = cases[i].raced ? RACED_POSSIBLE : RACED_NO };
		size_t before = scap_writer_bytes(w, false).len;

		put(w, cases[i].line, &ext);
		/* an extension record's own name */
		assert_int_equal(memmem(scap_writer_bytes(w, false).ptr + before,
					scap_writer_bytes(w, false).len - before, "monitor", 8) != NULL,
				 cases[i].written);
	}
	assert_int_equal(scap_writer_open(path, &options, &file, &err), 0);
	assert_int_equal(scap_writer_append(file, scap_writer_bytes(w, true), ARRAY_SIZE(cases), &err), 0);
	finish(file);
	finish(w);
	assert_int_equal(source_scap_open(path, &s, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct event ev;

		assert_int_equal(s->ops->next(s, &ev, &err), 1);
		assert_true(str_eq(ev.ext ? ev.ext->real_path : STR(""), str_of(cases[i].real_path)));
		assert_int_equal(ev.ext && ev.ext->raced == RACED_POSSIBLE, cases[i].raced);
	}
}

/* ---- answers that need not be written ---- */

#define TOLD_EVENTS 4000

struct told {
	char line[160];
	const char *real_path; /* NULL = no record */
	bool answer;
};

static uint32_t seed;

static uint32_t roll(uint32_t sides)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % sides;
}

/*
 * Opens, calls that use descriptors and answers about them, of few threads, numbers and names: much follows,
 * and much nearly does.
 */
static size_t make_told(struct told *list, size_t most)
{
	static const char *const paths[] = { "/a", "/a/b", "/c", "/d/b" };
	size_t n = 0;

	seed = 5;
	for (int ts = 1; n + 3 < most; ts++) {
		int tid = 7 + (int)roll(2), fd = 3 + (int)roll(3), dirfd = roll(2) ? 3 : -100;
		bool reads = roll(2), directory = roll(2);
		int other = 3 + (int)roll(3), answers = roll(8) ? 1 : (int)roll(3), about;
		struct told *t;

		about = reads ? fd : dirfd > 0 ? dirfd : other;
		for (int i = 0; i < answers; i++) {
			t = &list[n++];
			t->answer = true;
			t->real_path = NULL;
			if (roll(2))
				snprintf(t->line, sizeof(t->line),
					 "%d %d task_file_directory @flags=1 fd=%d path=%s ino_num=%d", ts, tid, about,
					 paths[roll(2)], 9);
			else
				snprintf(t->line, sizeof(t->line),
					 "%d %d task_file_regular @flags=1 fd=%d path=%s flags=%d mnt_id=%d ino_num=%d",
					 ts, tid, about, paths[roll(2)], 4097, 28, 9);
		}
		t = &list[n++];
		t->answer = false;
		t->real_path = NULL;
		if (reads) {
			snprintf(t->line, sizeof(t->line), "%d %d close res=0 fd=%d", ts, tid, fd);
		} else {
			const char *name = roll(2) ? "b" : paths[roll(2)];
			int number = roll(8) ? fd : -2;

			snprintf(t->line, sizeof(t->line),
				 "%d %d openat fd=%d dirfd=%d name=%s flags=%d mode=0 dev=1 ino=9", ts, tid, number,
				 dirfd, name, directory ? 0x401 : 1);
			t->real_path = roll(8) ? paths[roll(4)] : NULL;
		}
	}
	return n;
}

static size_t write_told(struct scap_writer *w, const struct told *list, size_t from, size_t n)
{
	for (size_t i = from; i < from + n; i++) {
		const struct event_ext ext = { .real_path = str_of(list[i].real_path ? list[i].real_path : ""),
					       .args = STR(""),
					       .stack = STR("") };

		put(w, list[i].line, list[i].real_path ? &ext : NULL);
	}
	return scap_writer_bytes(w, false).len;
}

/* All comes back, of many parts, each of which starts from nothing. */
static void test_told(void **state)
{
	const struct scap_writer_options told = { .snaplen = UINT32_MAX, .origin = { .implied = SCAP_IMPLIES_NEWEST } },
					 all = { .snaplen = UINT32_MAX };
	static struct told list[TOLD_EVENTS];
	size_t n = make_told(list, TOLD_EVENTS), small = 0, large, end;
	struct scap_writer *part, *plain, *file;
	auto_source struct source *s = NULL;
	struct error err;

	(void)state;
	assert_int_equal(scap_writer_open_memory(&all, &plain, &err), 0);
	large = write_told(plain, list, 0, n);
	finish(plain);
	assert_int_equal(scap_writer_open(path, &told, &file, &err), 0);
	for (size_t from = 0; from < n; from = end) {
		end = from + 100 < n ? from + 100 : n;
		while (list[end - 1].answer)
			end++;
		assert_int_equal(scap_writer_open_memory(&told, &part, &err), 0);
		small += write_told(part, list, from, end - from);
		assert_int_equal(scap_writer_append(file, scap_writer_bytes(part, from == 0), end - from, &err), 0);
		finish(part);
	}
	finish(file);
	assert_true(small < large);
	assert_int_equal(source_scap_open(path, &s, &err), 0);
	for (size_t i = 0; i < n; i++)
		expect(s, list[i].line, list[i].real_path);
}

/* Connections, pipes and files of several threads, each call with an answer before it. */
static size_t make_like(char (*told)[200])
{
	size_t n = 0;

	for (int i = 0; i < 50; i++) {
		int ts = 10 * i + 1, port = 1000 + i, ino = 70000 + 2 * i + (i >= 30);

		for (int fd = 5; fd < 7; fd++)
			for (int use = 0; use < 1 + (fd == 6 && i < 2); use++) {
				snprintf(
					told[n++], 200,
					"%d %d task_file_socket_inet @flags=1 fd=%d sk_type=1 sk_proto=6 local_ip=16777343 "
					"local_port=%d remote_ip=16777343 remote_port=80 ino_num=%d",
					ts, fd + 2, fd, port, ino + fd - 5);
				snprintf(
					told[n++], 200,
					"%d %d sendto res=1 data=b\"x\" fd=%d size=1 tuple=inet:127.0.0.1:%d->127.0.0.1:80",
					ts, fd + 2, fd, port);
			}
		snprintf(told[n++], 200, "%d 9 task_file_pipe @flags=1 fd=4 path=pipe:[%d] ino_num=%d", ts + 2,
			 900000 + i, 900000 + i);
		snprintf(told[n++], 200, "%d 9 dup2 res=1 oldfd=4 newfd=1", ts + 2);
		snprintf(told[n++], 200, "%d 9 task_file_regular @flags=1 fd=5 path=/o flags=1 mnt_id=2 ino_num=8",
			 ts + 2);
		snprintf(told[n++], 200, "%d 9 dup2 res=1 oldfd=5 newfd=1", ts + 2);
		snprintf(told[n++], 200, "%d 9 close res=0 fd=4", ts + 2);
		/* a number that two files stand behind in turn */
		snprintf(told[n++], 200, "%d 10 task_file_regular @flags=1 fd=0 path=%s flags=1 mnt_id=2 ino_num=9",
			 ts + 3, i & 1 ? "/a" : "/b");
		snprintf(told[n++], 200, "%d 10 read res=1 data=b\"x\" fd=0 size=1", ts + 3);
	}
	return n;
}

/* What guessed less before is read as it was written. */
static void test_told_before(void **state)
{
	static const char *const before[] = { SRCDIR "/tests/unit/told.scap.gz", SRCDIR "/tests/unit/guessed.scap.gz" };
	static struct told list[1000];
	static char like[600][200];
	size_t n = make_told(list, ARRAY_SIZE(list)), likes = make_like(like);

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(before); f++) {
		auto_source struct source *s = NULL;
		struct error err;

		assert_int_equal(source_scap_open(before[f], &s, &err), 0);
		for (size_t i = 0; i < n; i++)
			expect(s, list[i].line, list[i].real_path);
		for (size_t i = 0; i < likes && f == 1; i++)
			expect(s, like[i], NULL);
	}
}

/* Blocks that are answers, and those with a note. */
static void count_blocks(struct str blocks, unsigned int *ret_answers, unsigned int *ret_notes)
{
	const uint8_t *at = (const uint8_t *)blocks.ptr, *end = at + blocks.len;

	*ret_answers = *ret_notes = 0;
	for (; at < end; at += bytes_u32(at + 4)) {
		bool flags = bytes_u32(at) == SCAP_EVENT_FLAGS_V2;

		*ret_notes += flags && bytes_u32(at + 10) & SCAP_NOTE_ANSWER;
		*ret_answers += flags && bytes_u16(at + 14 + EVENT_HEADER_TYPE) >= EV_ITER_TASK_FILE_PIPE_E;
	}
}

/* An answer of each kind is written, and notes where numbers leave their order. */
static void test_like(void **state)
{
	const struct scap_writer_options options = { .snaplen = UINT32_MAX,
						     .origin = { .implied = SCAP_IMPLIES_NEWEST } };
	static char told[600][200];
	auto_source struct source *s = NULL;
	struct scap_writer *w, *file;
	unsigned int answers, notes;
	struct error err;
	size_t n = make_like(told);

	(void)state;
	assert_int_equal(scap_writer_open_memory(&options, &w, &err), 0);
	for (size_t i = 0; i < n; i++)
		put(w, told[i], NULL);
	count_blocks(scap_writer_bytes(w, false), &answers, &notes);
	assert_int_equal(answers, 5);
	assert_in_range(notes, 148, 157);
	assert_int_equal(scap_writer_open(path, &options, &file, &err), 0);
	assert_int_equal(scap_writer_append(file, scap_writer_bytes(w, true), n, &err), 0);
	finish(file);
	finish(w);
	assert_int_equal(source_scap_open(path, &s, &err), 0);
	for (size_t i = 0; i < n; i++)
		expect(s, told[i], NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_implied),
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_told_before),
		cmocka_unit_test(test_like),
	};

	return cmocka_run_group_tests(tests, make_path, remove_path);
}
