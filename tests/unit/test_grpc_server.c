/* SPDX-License-Identifier: Apache-2.0 */
#include "net/grpc_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

#define LOOK_NS	 500000000ull
#define AWAIT_NS 60000000000ull

static uint64_t accepted(struct grpc_server *s)
{
	struct grpc_server_stats stats;

	grpc_server_stats(s, &stats);
	return stats.accepted;
}

static void rest(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
}

static uint64_t spent(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

/* Who wants in while no descriptor is left waits, which costs nothing and is told once; when there is one he is in. */
static void test_no_descriptor_is_left(void **state)
{
	const struct grpc_service service = { NULL, 0, NULL };
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char folder[] = "/tmp/grpc-server-XXXXXX", address[128];
	auto_grpc_server struct grpc_server *s = NULL;
	struct rlimit before, none;
	struct error err = { 0 };
	uint64_t since, cost;
	unsigned int told = 0;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), next;

	(void)state;
	assert_true(fd >= 0);
	assert_non_null(mkdtemp(folder));
	snprintf(to.sun_path, sizeof(to.sun_path), "%s/socket", folder);
	snprintf(address, sizeof(address), "unix://%s", to.sun_path);
	assert_int_equal(grpc_server_new(&(struct grpc_server_options){ .address = address }, &service, &s, &err), 0);

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	next = dup(fd);
	close(next);
	none = (struct rlimit){ (rlim_t)next, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	since = clock_ns(CLOCK_MONOTONIC);
	cost = spent();
	while (clock_ns(CLOCK_MONOTONIC) - since < LOOK_NS || (!told && clock_ns(CLOCK_MONOTONIC) - since < AWAIT_NS)) {
		told += grpc_server_trouble(s, &err) == -EMFILE;
		rest();
	}
	cost = spent() - cost;
	since = clock_ns(CLOCK_MONOTONIC) - since;
	assert_int_equal(accepted(s), 0);
	assert_int_equal(told, 1);
	assert_true(cost < since / 4);

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	since = clock_ns(CLOCK_MONOTONIC);
	while (!accepted(s) && clock_ns(CLOCK_MONOTONIC) - since < AWAIT_NS)
		rest();
	assert_int_equal(accepted(s), 1);
	close(fd);
	unlink(to.sun_path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_descriptor_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
