/* SPDX-License-Identifier: Apache-2.0 */
#include "output/line.h"
#include "output/output.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct alert sample = {
	.priority = PRIORITY_WARNING,
	.rule = { "r", 1 },
	.text = { "Warning a\x1b[2Jb\x7f\xc2\x9b" "c \xc3\xa9", 21 },
	.json = { "{\"a\":\"\x7f\xc2\x9b\"}", 11 },
};

static void check_line(unsigned int flags, const char *expected)
{
	auto_strbuf struct strbuf out = { 0 };

	line_add(&out, &sample, flags);
	assert_string_equal(out.ptr, expected);
}

static void test_lines(void **state)
{
	(void)state;
	check_line(0, "Warning a\x1b[2Jb\x7f\xc2\x9b" "c \xc3\xa9\n");
	check_line(LINE_TERMINAL, "Warning a\\x1b[2Jb\\x7f\\x9bc \xc3\xa9\n");
	check_line(LINE_TERMINAL | LINE_COLOR, "\033[33mWarning a\\x1b[2Jb\\x7f\\x9bc \xc3\xa9\033[0m\n");
	check_line(LINE_JSON | LINE_COLOR, "{\"a\":\"\x7f\xc2\x9b\"}\n");
	check_line(LINE_JSON | LINE_TERMINAL, "{\"a\":\"\\u007f\\u009b\"}\n");
}

static void test_priorities(void **state)
{
	enum priority p;
	int i;

	(void)state;
	for (i = 0; i < PRIORITY_COUNT; i++) {
		assert_int_equal(priority_parse(str_of(priority_name((enum priority)i)), &p), 0);
		assert_int_equal(p, i);
	}
	assert_int_equal(priority_parse(STR("iNFo"), &p), 0);
	assert_int_equal(p, PRIORITY_INFORMATIONAL);
	assert_int_equal(priority_parse(STR("WARN"), &p), -EINVAL);
	assert_int_equal(priority_parse(STR(""), &p), -EINVAL);
}

static size_t read_file(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, size - 1, f);
	text[n] = 0;
	fclose(f);
	return n;
}

static void test_file(void **state)
{
	char path[] = "test_output.XXXXXX", moved[64], text[256];
	struct error err = { 0 };
	struct output *o;
	int fd = mkstemp(path), keep;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	snprintf(moved, sizeof(moved), "%s.1", path);
	for (keep = 0; keep < 2; keep++) {
		unlink(path);
		assert_int_equal(output_file_open(path, keep, keep, true, &o, &err), 0);
		assert_int_equal(o->ops->send(o, &sample, &err), 0);
		assert_int_equal(rename(path, moved), 0);
		assert_int_equal(o->ops->send(o, &sample, &err), 0);
		assert_int_equal(read_file(moved, text, sizeof(text)), keep ? 24 : 12);
		assert_int_equal(o->ops->reopen(o, &err), 0);
		assert_int_equal(o->ops->send(o, &sample, &err), 0);
		assert_int_equal(read_file(path, text, sizeof(text)), keep ? 12 : 24);
		assert_int_equal(o->sent, 3);
		assert_int_equal(o->failed, 0);
		output_close(o);
		unlink(moved);
	}
	unlink(path);
	snprintf(moved, sizeof(moved), "%s/x", path);
	assert_int_equal(output_file_open(moved, true, true, true, &o, &err), -ENOENT);
	assert_non_null(strstr(err.text, moved));
}

static void test_full_device(void **state)
{
	struct error err = { 0 };
	struct output *o;

	(void)state;
	if (access("/dev/full", W_OK) < 0)
		skip();
	assert_int_equal(output_file_open("/dev/full", true, false, true, &o, &err), 0);
	assert_int_equal(o->ops->send(o, &sample, &err), -ENOSPC);
	assert_int_equal(o->failed, 1);
	assert_int_equal(o->sent, 0);
	output_close(o);
}

static void on_pipe(int number)
{
	(void)number;
}

static void test_broken_pipe(void **state)
{
	struct sigaction action = { .sa_handler = on_pipe };
	struct error err = { 0 };
	struct output *o;
	int fds[2];

	(void)state;
	sigaction(SIGPIPE, &action, NULL);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	assert_int_equal(output_stream_open(fds[1], 1, true, false, false, false, &o, &err), 0);
	assert_int_equal(o->ops->send(o, &sample, &err), -EPIPE);
	assert_int_equal(o->failed, 1);
	assert_string_equal(err.text, "cannot write 1 line to descriptor 1: Broken pipe");
	output_close(o);
}

static void test_buffered(void **state)
{
	char text[65536];
	struct error err = { 0 };
	struct output *o;
	int fds[2], i;

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	assert_int_equal(output_stream_open(fds[1], 1, true, true, false, true, &o, &err), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(o->ops->send(o, &sample, &err), 0);
	assert_int_equal(read(fds[0], text, sizeof(text)), -1);
	assert_int_equal(o->ops->flush(o, &err), 0);
	assert_int_equal(read(fds[0], text, sizeof(text)), 36);
	assert_int_equal(o->sent, 3);
	assert_int_equal(o->ops->flush(o, &err), 0);
	output_close(o);
	close(fds[0]);
}

/* A reader that stalls for good costs the alert, and half a line does not swallow the next one. */
static void test_torn_line(void **state)
{
	char text[8192];
	bool torn = false;
	int fds[2];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	fcntl(fds[1], F_SETPIPE_SZ, 4096);
	memset(text, 'x', sizeof(text));
	assert_int_equal(line_write(fds[1], (struct str){ text, sizeof(text) }, &torn), -EAGAIN);
	assert_true(torn);
	while ((n = read(fds[0], text, sizeof(text))) > 0)
		assert_int_equal(text[n - 1], 'x');
	assert_int_equal(line_write(fds[1], STR("next\n"), &torn), 0);
	assert_false(torn);
	n = read(fds[0], text, sizeof(text));
	assert_int_equal(n, 6);
	assert_memory_equal(text, "\nnext\n", 6);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),	    cmocka_unit_test(test_priorities), cmocka_unit_test(test_file),
		cmocka_unit_test(test_full_device), cmocka_unit_test(test_broken_pipe), cmocka_unit_test(test_buffered),
		cmocka_unit_test(test_torn_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
