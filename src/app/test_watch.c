/* SPDX-License-Identifier: Apache-2.0 */
#include "app/test_watch.h"

#include <errno.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "app/file_watch.h"
#include "app/signals.h"

#define SETTLE_MS 100 /* an editor writes a file in several steps */
#define LOOK_MS	  500 /* how long a signal may go unnoticed that came between two waits */

void test_watch_stop(struct test_watch *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

int test_watch_start(struct test_watch *w, struct error *err)
{
	test_watch_stop(w);
	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	return w->fd < 0 ? error_errno(err, -errno, "cannot watch files") : 0;
}

void test_watch_add(struct test_watch *w, const char *path)
{
	if (w->fd >= 0)
		file_watch_path(w->fd, path);
}

static int wait_for(struct test_watch *w, int timeout_ms, struct error *err)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };
	int n = poll(&p, 1, timeout_ms);

	if (n < 0 && errno != EINTR)
		return error_errno(err, -errno, "cannot wait for files to change");
	return n > 0;
}

static void drain(struct test_watch *w)
{
	char bytes[4096] __attribute__((aligned(8)));

	while (read(w->fd, bytes, sizeof(bytes)) > 0)
		;
}

int test_watch_wait(struct test_watch *w, struct error *err)
{
	int r = 0;

	while (r == 0) {
		if (signals_stop_requested())
			return 0;
		r = wait_for(w, LOOK_MS, err);
	}
	while (r > 0) {
		drain(w);
		r = wait_for(w, SETTLE_MS, err);
	}
	return r < 0 ? r : 1;
}
