/* SPDX-License-Identifier: Apache-2.0 */
#include "app/host_processes.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "app/receivers.h"
#include "base/clock.h"
#include "base/parse.h"
#include "tracer/decode.h"
#include "tracer/procfs_folder.h"

/* Where answers go. */
struct answers_to {
	source_sink sink;
	void *context;
	struct event_builder builder;
	uint64_t ts;
};

/* What is gone has no answer. */
static int give(struct answers_to *to, int r, const struct event *ev)
{
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	return to->sink(to->context, ev);
}

/* Calls each with the numbers that a folder of /proc has as names, until it fails. */
static int each_number(const char *path, int (*each)(struct answers_to *to, pid_t owner, int number),
		       struct answers_to *to, pid_t owner)
{
	auto_dir DIR *folder = procfs_list(path);
	int r = 0;

	for (const struct dirent *d = folder ? readdir(folder) : NULL; d && r == 0; d = readdir(folder)) {
		uint32_t number;

		if (parse_u32(str_of(d->d_name), &number) == 0 && number <= INT_MAX)
			r = each(to, owner, (int)number);
	}
	return r;
}

static int give_fd(struct answers_to *to, pid_t pid, int fd)
{
	struct error gone = { 0 };
	struct event ev;

	return give(to, decode_fd(pid, fd, to->ts, NULL, &to->builder, &ev, &gone), &ev);
}

static int give_thread(struct answers_to *to, pid_t owner, int tid)
{
	struct error gone = { 0 };
	struct event ev;

	(void)owner;
	return give(to, decode_task(tid, tid, to->ts, NULL, &to->builder, &ev, &gone), &ev);
}

static int give_process(struct answers_to *to, pid_t owner, int pid)
{
	char path[32];
	int r;

	(void)owner;
	snprintf(path, sizeof(path), "%d/task", pid);
	r = each_number(path, give_thread, to, pid);
	snprintf(path, sizeof(path), "%d/fd", pid);
	return r < 0 ? r : each_number(path, give_fd, to, pid);
}

static int tell(void *context, const struct event *ev)
{
	return receivers_tell(context, ev);
}

int host_processes(const struct scap_receiver *receiver, struct error *err)
{
	struct answers_to to = { .sink = tell, .context = (void *)(uintptr_t)receiver, .ts = clock_ns(CLOCK_REALTIME) };
	int r = each_number(".", give_process, &to, 0);

	event_builder_free(&to.builder);
	return r < 0 ? error_errno(err, r, "cannot note the machine's processes") : 0;
}

int host_answer(const struct needs *needs, source_sink sink, void *context, struct error *err)
{
	struct answers_to to = { .sink = sink, .context = context, .ts = clock_ns(CLOCK_REALTIME) };
	int r = 0;

	for (unsigned int i = 0; i < needs->count && r == 0; i++)
		if (needs->list[i].kind == NEED_THREAD)
			r = give_thread(&to, 0, (int)needs->list[i].tid);
	event_builder_free(&to.builder);
	return r < 0 ? error_errno(err, r, "cannot note a process of this machine") : 0;
}
