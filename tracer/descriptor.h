/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_DESCRIPTOR_H
#define MONITOR_TRACER_DESCRIPTOR_H

#include <sys/types.h>

/* Copies of other tasks' descriptors: what is held so is the same open file, whatever they put over its number. */
struct reader;

/*
 * Of any kind; -EPERM where the profile forbids pidfd_getfd, or where a server could keep us from closing it. The
 * reader may be NULL.
 */
int descriptor_copy(pid_t tid, int fd, struct reader *reader);
/*
 * Closes such a copy: on a thread where its server may have to be waited for. Who waits for a socket's other end is
 * interrupted by SIGALRM, so with a reader this is for the one thread that takes that signal, which blocks it and has
 * a handler. Accepts -1.
 */
void descriptor_drop(int copy, struct reader *reader);
/* The same for those that threads have left (reader_leave()). */
void descriptor_drop_left(struct reader *reader);

#endif
