/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_OUTPUT_OUTPUT_H
#define MONITOR_OUTPUT_OUTPUT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "output/alert.h"
#include "output/output_stats.h"

struct output;

struct output_ops {
	const char *name;
	/* Delivers one alert. Negative errno: it was not delivered; the caller counts and says it. */
	int (*send)(struct output *o, const struct alert *a, struct error *err);
	int (*flush)(struct output *o, struct error *err); /* NULL = nothing is ever held back */
	int (*reopen)(struct output *o, struct error *err); /* NULL = nothing to reopen */
	/*
	 * At the end: waits until what is on its way is delivered, at most OUTPUT_DRAIN_SECONDS without
	 * progress; the rest counts as failed. NULL = nothing is ever on its way.
	 */
	int (*drain)(struct output *o, struct error *err);
	/*
	 * What went wrong behind the sender's back and was not told yet: 0, or -errno with err. Asked now and
	 * then, also by another thread while send() tries again. NULL = send() tells all.
	 */
	int (*check)(struct output *o, struct error *err);
	/*
	 * For outputs behind a queue: called when nothing waits, to try again what could not be delivered.
	 * Milliseconds until it wants to be called again, -1 = not by itself. err.code says what went wrong.
	 * NULL = there is never anything to do.
	 */
	int (*idle)(struct output *o, struct error *err);
	/* Counts beyond the head's, for output_stats(); for any thread. NULL = there are none. */
	void (*stats)(const struct output *o, struct output_stats *stats);
	void (*close)(struct output *o); /* frees o */
};

/* The head of every output's own struct. */
struct output {
	const struct output_ops *ops;
	bool json; /* send alert.json, else alert.text */
	_Atomic uint64_t sent, failed; /* alerts */
	atomic_bool stop; /* the end is near: do not try again */
	/* nobody has been where it delivers to since it was opened: the end does not wait for them */
	atomic_bool absent;
};

static inline void output_close(struct output *o)
{
	if (o)
		o->ops->close(o);
}
DEFINE_AUTO(struct output, output, output_close);
#define auto_output AUTO(output)

/*
 * Lines to a descriptor, which users know by the number known; closes it at the end when owned. Colours by
 * priority when color is set (text only).
 */
int output_stream_open(int fd, int known, bool owned, bool json, bool color, bool buffered, struct output **ret_output,
		       struct error *err);
/*
 * Lines appended to a file (created 0600 … umask); reopen() opens it anew. sync: each is on the disk before
 * it counts as sent.
 */
int output_file_open(const char *path, bool keep_alive, bool sync, bool json, struct output **ret_output,
		     struct error *err);

/*
 * Lines to the standard input of a shell command: one process that is started again when it has ended
 * (keep_alive), or one for each alert, whose end is waited for. Its status must be 0. It may block: put it
 * behind a queue. The command starts with the first alert. starter (borrowed) starts it, see program.h; NULL
 * = this process.
 */
struct program_starter;
int output_program_open(struct program_starter *starter, const char *command, bool keep_alive, bool json,
			struct output **ret_output, struct error *err);

#endif
