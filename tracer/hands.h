/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_HANDS_H
#define MONITOR_TRACER_HANDS_H

#include <stdbool.h>

/*
 * Threads for what may have to wait in the kernel where no signal reaches it: for a page that a server gives, or
 * for a lock that somebody holds who waits for such a page. Who asks waits for a while and goes on.
 */
struct job {
	void (*run)(struct job *job); /* on a thread */
	/* Where nobody waits for it any more: behind run(), or if the thread cannot begin. Takes the job. */
	void (*late)(struct job *job);
};

struct hands;

#define HANDS_MAX 16 /* threads, at most */

/* At most n threads, started when they are needed; begin, if any, is called by each. NULL: out of memory. */
struct hands *hands_new(unsigned int n, bool (*begin)(void));
/* Threads that are held up stay, and end with the process; false: there are some. Accepts NULL. */
bool hands_free(struct hands *hands);
/*
 * 0: the job has been run. -EAGAIN: not within ms milliseconds, or starved_ms while the thread has no processor, and it
 * is not the asker's any more. -EBUSY: no thread is free.
 */
int hands_do(struct hands *hands, struct job *job, unsigned int ms, unsigned int starved_ms);

#endif
