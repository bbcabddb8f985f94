/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TESTS_UNIT_CAPTURE_WORLD_H
#define MONITOR_TESTS_UNIT_CAPTURE_WORLD_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "event/event_text.h"
#include "source/scap_write.h"

/* Captures written from lines of text, and read again as such. Of the programs that include it with cmocka before. */

/* A file for all tests of a group, for its set-up and its end. */
static char path[] = "/tmp/test_capture.XXXXXX";

static int make_path(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -errno : close(fd);
}

static int remove_path(void **state)
{
	(void)state;
	return unlink(path);
}

static void put(struct scap_writer *w, const char *line, const struct event_ext *ext)
{
	struct event_builder b = { 0 };
	struct event ev;
	struct error err;

	if (event_text_parse(&b, str_of(line), &ev, &err) < 0)
		fail_msg("%s", err.text);
	ev.ext = ext;
	assert_int_equal(scap_writer_event(w, &ev, &err), 0);
	event_builder_free(&b);
}

static void finish(struct scap_writer *w)
{
	struct error err;

	assert_int_equal(scap_writer_close(w, &err), 0);
}

static void expect(struct source *s, const char *line, const char *real_path)
{
	auto_strbuf struct strbuf text = { 0 };
	struct event ev;
	struct error err = { 0 };
	int r = s->ops->next(s, &ev, &err);

	if (r != 1)
		fail_msg("%d: %s", r, err.text);
	event_text_print(&text, &ev);
	assert_string_equal(text.ptr, line);
	assert_int_equal(ev.ext != NULL, real_path != NULL);
	if (real_path)
		assert_true(str_eq(ev.ext->real_path, str_of(real_path)));
}

#endif
