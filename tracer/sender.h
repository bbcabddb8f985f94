/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_SENDER_H
#define MONITOR_TRACER_SENDER_H

#include <stdbool.h>
#include <sys/types.h>

/* To whom a thread may send signals, beside what we may: its real and effective user, and the capability KILL. */
enum sender {
	SENDER_POWERLESS, /* not to us: whatever it names, the kernel refuses that it means us */
	SENDER_ALIKE, /* to the same processes */
	SENDER_WEAKER, /* as we would without that capability */
	SENDER_OTHER, /* to others, or that cannot be known */
};
enum sender sender_of(pid_t tid);
/*
 * From here until it is given back the calling thread may send signals to whom the sender may, as far as that can be
 * had: else it is false, and nothing has changed.
 */
bool sender_assume(enum sender sender);
void sender_return(enum sender sender);

#endif
