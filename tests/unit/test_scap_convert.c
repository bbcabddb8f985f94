/* SPDX-License-Identifier: Apache-2.0 */
#include "source/scap_convert.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "event/event_text.h"
#include "event/event_wire.h"
#include "source/scap_store.h"

static struct scap_convert *convert;

static int setup(void **state)
{
	(void)state;
	convert = scap_convert_new();
	return convert ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	scap_convert_free(convert);
	return 0;
}

/* An event in the layout of an older file: the text form's, with only its first nparams parameters. */
static int convert_line(const char *line, uint32_t nparams, struct strbuf *out, struct error *err)
{
	struct event_builder b = { 0 };
	auto_strbuf struct strbuf bytes = { 0 };
	struct event ev;
	uint32_t len;
	int r;

	if (event_text_parse(&b, str_of(line), &ev, err) < 0)
		fail_msg("%s: %s", line, err->text);
	strbuf_add(&bytes, ev.bytes, EVENT_HEADER_BYTES + 2 * nparams);
	strbuf_add(&bytes, ev.values, ev.offset[nparams]);
	len = (uint32_t)bytes.len;
	memcpy(bytes.ptr + EVENT_HEADER_LEN, &len, sizeof(len));
	memcpy(bytes.ptr + EVENT_HEADER_NPARAMS, &nparams, sizeof(nparams));
	assert_int_equal(event_read(&ev, bytes.ptr, bytes.len, NULL), 0);
	ev.cpu = 5;
	r = scap_convert(convert, &ev, err);
	if (r > 0) {
		event_text_print(out, &ev);
		assert_int_equal(ev.cpu, 5);
	}
	event_builder_free(&b);
	return r;
}

static void test_rows(void **state)
{
	static const struct {
		const char *line;
		uint32_t nparams;
		int r;
		const char *text;
	} rows[] = {
		/* an enter event is kept for its exit */
		{ "1 7 close/4 fd=3", 1, 0, NULL },
		{ "1 7 close res=0", 1, 1, "1 7 close @cpu=5 res=0 fd=3" },
		/* and taken only once: then the default */
		{ "1 7 close res=0", 1, 1, "1 7 close @cpu=5 res=0 fd=0" },
		{ "1 7 read/6 fd=4 size=100", 2, 0, NULL },
		{ "1 8 read res=2 data=b\"ab\"", 2, 1,
		  "1 8 read @cpu=5 res=2 data=b\"ab\" fd=0 size=0" }, /* another thread */
		{ "1 7 read res=2 data=b\"ab\"", 2, 1, "1 7 read @cpu=5 res=2 data=b\"ab\" fd=4 size=100" },
		/* the last enter event counts */
		{ "1 7 close/4 fd=3", 1, 0, NULL },
		{ "1 7 close/4 fd=9", 1, 0, NULL },
		{ "1 7 read res=2 data=b\"ab\"", 2, -EBADMSG, "follows the enter event" },
		{ "1 7 close res=0", 1, 1, "1 7 close @cpu=5 res=0 fd=9" },
		/* calls that became other types */
		{ "1 7 link/104 oldpath=/a newpath=/b", 2, 0, NULL },
		{ "1 7 link/105 res=0", 1, 1, "1 7 link @cpu=5 res=0 oldpath=/a newpath=/b" },
		{ "1 7 link/105 res=0", 1, 1, "1 7 link @cpu=5 res=0 oldpath=NA newpath=NA" },
		/* by way of two changes, with parameters that no older layout had */
		{ "1 7 brk/10 size=4096", 1, 0, NULL },
		{ "1 7 brk/11 res=4096", 1, 1, "1 7 brk @cpu=5 res=4096 vm_size=4096 vm_rss=NA vm_swap=NA addr=NA" },
		{ "1 7 ioctl/90 fd=3 request=21505", 2, 0, NULL },
		{ "1 7 ioctl/91 res=0", 1, 1, "1 7 ioctl @cpu=5 res=0 fd=3 request=21505 argument=NA" },
		/* kept and handed out */
		{ "1 7 connect/22 fd=3 addr=unix:/s", 2, 1,
		  "1 7 connect/22 @cpu=5 @flags=2147483648 fd=3 addr=unix:/s" }, /* EVENT_FLAG_UNSHOWN */
		{ "1 7 openat/306 dirfd=-100 name=/a flags=1 mode=0", 4, 1,
		  "1 7 openat/306 @cpu=5 @flags=2147483648 dirfd=-100 name=/a flags=1 mode=0" },
		{ "1 7 execveat/330 dirfd=-100 pathname=/a flags=0", 3, 1,
		  "1 7 execveat/330 @cpu=5 @flags=2147483648 dirfd=-100 pathname=/a flags=0" },
		{ "1 7 open/2", 0, 1, "1 7 open/2 @cpu=5 @flags=2147483648 name=NA flags=NA mode=NA" },
		{ "1 7 container/228 id=ab type=1 name=\"a\\\"b\" image=i", 4, 1,
		  "1 7 container @cpu=5 json=\"{\\\"id\\\":\\\"ab\\\",\\\"type\\\":1,\\\"name\\\":\\\"a\\\\\\\"b\\\",\\\"image\\\":\\\"i\\\"}\"" },
		/* current, unused, old without a pair, and a layout that never was */
		{ "1 7 chdir res=0 path=/", 2, 1, "1 7 chdir @cpu=5 res=0 path=/" },
		{ "1 7 NA/17", 0, 0, NULL },
		{ "1 7 accept/26", 0, 0, NULL },
		{ "1 7 close", 0, -EBADMSG, "no known layout" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_strbuf struct strbuf out = { 0 };
		struct error err = { 0 };
		int r = convert_line(rows[i].line, rows[i].nparams, &out, &err);

		if (r != rows[i].r)
			fail_msg("%s: %d %s", rows[i].line, r, err.text);
		if (r > 0)
			assert_string_equal(out.ptr, rows[i].text);
		if (r < 0)
			assert_non_null(strstr(err.text, rows[i].text));
	}
}

/* Every type in every number of parameters ends: as a current event, as nothing, or refused. */
static void test_all(void **state)
{
	unsigned int passed = 0;

	(void)state;
	for (uint16_t type = 0; type < EV_COUNT; type++) {
		if (event_table[type].flags & EF_LARGE_PAYLOAD)
			continue;
		for (uint32_t n = 0; n <= event_table[type].nparams; n++) {
			auto_strbuf struct strbuf out = { 0 };
			struct error err = { 0 };
			char line[64];
			int r;

			snprintf(line, sizeof(line), "1 %u %s/%u", 1000 + type, event_table[type].name, type);
			r = convert_line(line, n, &out, &err);
			assert_true(r >= 0 || r == -EBADMSG);
			passed += r == 1;
		}
	}
	assert_true(passed > 300);
}

/* Every layout that the table names ends as a current event, or as one that is kept. */
static void test_named(void **state)
{
	static const struct {
		uint16_t type;
		uint32_t nparams;
	} layouts[] = {
#define CONVERT(type_, nparams_, ...) { EV_##type_, nparams_ },
#include "source/conversions.def"
#undef CONVERT
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		auto_strbuf struct strbuf out = { 0 };
		struct error err = { 0 };
		char line[64];

		snprintf(line, sizeof(line), "1 %zu %s/%u", 1000 + EV_COUNT + i, event_table[layouts[i].type].name,
			 layouts[i].type);
		if (convert_line(line, layouts[i].nparams, &out, &err) < 0)
			fail_msg("%s, %u parameters: %s", line, layouts[i].nparams, err.text);
	}
}

/* The store against an array over random steps. */
static void test_store(void **state)
{
	enum { TIDS = 300, STEPS = 20000 };
	static uint8_t model[TIDS];
	struct scap_store s = { 0 };
	uint64_t seed = 3;

	(void)state;
	for (int n = 0; n < STEPS; n++) {
		int64_t tid;
		struct str got;
		char bytes[200];
		uint8_t len;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		tid = (int64_t)(seed >> 33) % TIDS;
		len = (uint8_t)(1 + (seed >> 20) % 199);
		memset(bytes, len, sizeof(bytes));
		if (seed >> 60 < 10) {
			assert_int_equal(scap_store_put(&s, tid, (struct str){ bytes, len }), 0);
			model[tid] = len;
		} else if (seed >> 60 < 14) {
			scap_store_remove(&s, tid);
			model[tid] = 0;
		}
		got = scap_store_get(&s, tid);
		assert_int_equal(got.len, model[tid]);
		if (got.len)
			assert_true((uint8_t)got.ptr[got.len - 1] == model[tid]);
	}
	scap_store_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows), cmocka_unit_test(test_all),
					    cmocka_unit_test(test_named), cmocka_unit_test(test_store) };

	return cmocka_run_group_tests(tests, setup, teardown);
}
