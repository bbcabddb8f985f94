/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_IDENTITY_H
#define MONITOR_TRACER_IDENTITY_H

#include <stdbool.h>

struct errand;
struct tracee;
struct tracer;

/* Whether calls may be made in the thread's place. */
enum identity {
	IDENTITY_UNKNOWN, /* to be read from /proc */
	IDENTITY_SAME, /* root and mounts are the supervisor's, and so are credentials, or it can take them on */
	IDENTITY_EXECUTING, /* was the same: the new program may have other credentials, and a label of its own */
	IDENTITY_OTHER, /* until the next exec */
	IDENTITY_CONFINED, /* for good, and its children: by what nothing tells of (Landlock) */
};

int identity_init(struct tracer *t);
void identity_free(struct tracer *t);
/* Its root and mounts are ours, and its rights are, or can be taken on. */
bool identity_assumable(struct tracer *t, struct tracee *tracee);
/* What an errand for the pending call's thread, which is assumable, has to know of them. */
void identity_lend(const struct tracer *t, struct errand *e);
/* The thread has executed, and the memo holds what was read of its new program. */
void identity_executed(struct tracer *t, struct tracee *tracee);
/* Of a thread whose birth was not seen: whose child it is, and what confines it, nothing tells. */
enum identity identity_of_stranger(const struct tracer *t);
/* The call (traits) that the thread is about to make may change identities. */
void identity_spoil(struct tracer *t, struct tracee *tracee, unsigned int traits);

#endif
