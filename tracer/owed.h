/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_OWED_H
#define MONITOR_TRACER_OWED_H

#include <stdbool.h>
#include <stdint.h>

struct tracee;
struct tracer;

/*
 * A call that was made in the thread's place, and a signal took the thread away before it had the answer:
 * behind the handler it makes the call again. Not where received notifications are not broken off by signals
 * (Linux 5.19).
 */
struct owed {
	enum owed_what {
		OWED_NOTHING,
		OWED_ANSWER, /* value is to be answered */
		OWED_FILE, /* the file was made, exclusively, and is to be opened */
	} what;
	long number;
	uint64_t ip, args[6];
	int64_t value;
	uint64_t dev, ino;
};

/*
 * What the caller of the pending call will be owed at its next try, to be filled in; NULL: it cannot be taken
 * away by a signal.
 */
struct owed *owed_begin(struct tracer *t);
/* Whether the pending call is such a next try. */
enum owed_what owed_now(const struct tracer *t);
/*
 * The caller of the pending call will have value in its next stop, which comes: owed_give(). False: it is to
 * be answered as ever.
 */
bool owed_answer_in_stop(struct tracer *t, int64_t value);
/*
 * A thread has stopped, whatever for: where it waits in its call's end it gets its answer, unless a signal
 * came before.
 */
void owed_give(struct tracee *tracee);

#endif
