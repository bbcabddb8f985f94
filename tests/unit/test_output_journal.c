/* SPDX-License-Identifier: Apache-2.0 */
#include "output/output_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/test_journal.XXXXXX";
static char path[sizeof(folder) + 8];
static char received[1 << 20];

/* A journal that takes one entry. */
static int listen_here(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(path, sizeof(path), "%s/socket", folder);
	memcpy(at.sun_path, path, strlen(path) + 1);
	unlink(path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* The entry, from the datagram or the sealed file that came with it. */
static size_t receive(int fd, bool *ret_in_file)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { received, sizeof(received) };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)
	};
	ssize_t n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int file;

	assert_true(n >= 0);
	*ret_in_file = c;
	if (!c)
		return (size_t)n;
	assert_int_equal(n, 0);
	memcpy(&file, CMSG_DATA(c), sizeof(file));
	assert_int_equal(fcntl(file, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	n = pread(file, received, sizeof(received), 0);
	assert_true(n > 0);
	close(file);
	return (size_t)n;
}

static void test_fields(void **state)
{
	static const struct str tags[] = { { "a", 1 }, { "b", 1 } };
	static const char expected[] =
		"MESSAGE=text\nPRIORITY=2\nSYSLOG_IDENTIFIER=me\nMONITOR_TIME_NS=7\nMONITOR_RULE\n\3\0\0\0\0\0\0\0x\ny\n"
		"MONITOR_SOURCE=syscall\nMONITOR_TAG=a\nMONITOR_TAG=b\nMONITOR_FIELDS={}\n";
	const struct alert a = { .ts = 7,
				 .priority = PRIORITY_CRITICAL,
				 .rule = STR("x\ny"),
				 .source = STR("syscall"),
				 .text = STR("text"),
				 .json = STR("{}"),
				 .fields = STR("{}"),
				 .tags = tags,
				 .ntags = 2 };
	struct error err = { 0 };
	struct output *o;
	bool in_file;
	int fd = listen_here();

	(void)state;
	assert_int_equal(output_journal_open(path, "me", 1000, false, &o, &err), 0);
	assert_int_equal(o->ops->send(o, &a, &err), 0);
	assert_int_equal(receive(fd, &in_file), sizeof(expected) - 1);
	assert_memory_equal(received, expected, sizeof(expected) - 1);
	assert_false(in_file);
	assert_int_equal(o->sent, 1);
	output_close(o);
	close(fd);
}

static void test_long_entry(void **state)
{
	static char text[600000];
	const struct alert a = { .json = { text, sizeof(text) } };
	struct error err = { 0 };
	struct output *o;
	bool in_file;
	int fd = listen_here();

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(output_journal_open(path, "me", 1000, true, &o, &err), 0);
	assert_int_equal(o->ops->send(o, &a, &err), 0);
	assert_true(receive(fd, &in_file) > sizeof(text));
	assert_true(in_file);
	assert_memory_equal(received, "MESSAGE=xxx", 11);
	output_close(o);
	close(fd);
}

/* It is started anew at the same path. */
static void test_another_journal(void **state)
{
	const struct alert a = { .text = STR("t") };
	struct error err = { 0 };
	struct output *o;
	bool in_file;
	int fd = listen_here();

	(void)state;
	assert_int_equal(output_journal_open(path, "me", 1000, false, &o, &err), 0);
	assert_int_equal(o->ops->send(o, &a, &err), 0);
	close(fd);
	atomic_store(&o->stop, true); /* no second try */
	assert_int_equal(o->ops->send(o, &a, &err), -ECONNREFUSED);
	assert_non_null(strstr(err.text, path));
	assert_int_equal(o->failed, 1);
	fd = listen_here();
	assert_int_equal(o->ops->send(o, &a, &err), 0);
	assert_true(receive(fd, &in_file) > 0);
	output_close(o);
	close(fd);
	unlink(path);
}

/* A path that nobody had since the output was opened is nobody's; one that somebody had is of one who is away. */
static void test_absent(void **state)
{
	const struct alert a = { .text = STR("t") };
	struct error err = { 0 };
	struct output *o;
	bool in_file;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/socket", folder);
	assert_int_equal(output_journal_open(path, "me", 1000, false, &o, &err), 0);
	assert_true(o->absent);
	atomic_store(&o->stop, true); /* no second try */
	assert_int_equal(o->ops->send(o, &a, &err), -ENOENT);
	assert_true(o->absent);
	fd = listen_here();
	assert_int_equal(o->ops->send(o, &a, &err), 0);
	assert_false(o->absent);
	assert_true(receive(fd, &in_file) > 0);
	close(fd);
	unlink(path);
	assert_int_equal(o->ops->send(o, &a, &err), -ECONNREFUSED);
	assert_int_equal(o->ops->send(o, &a, &err), -ENOENT);
	assert_false(o->absent);
	output_close(o);

	fd = listen_here();
	assert_int_equal(output_journal_open(path, "me", 1000, false, &o, &err), 0);
	assert_false(o->absent);
	close(fd);
	unlink(path);
	output_close(o);
}

static void test_no_path(void **state)
{
	struct error err = { 0 };
	struct output *o;

	(void)state;
	assert_int_equal(output_journal_open("here", "me", 1000, false, &o, &err), -EINVAL);
	assert_non_null(strstr(err.text, "'here'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_long_entry),
		cmocka_unit_test(test_another_journal),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_no_path),
	};
	int r;

	if (!mkdtemp(folder))
		return 99;
	r = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return r;
}
