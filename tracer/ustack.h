/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_USTACK_H
#define MONITOR_TRACER_USTACK_H

#include <sys/types.h>

#include "base/str.h"

/*
 * The call frames of a thread in one of our ptrace stops, innermost first, one a line: function and offset,
 * file, and the file's build id where the kernel tells it (6.11). False when there is nothing: no libunwind,
 * or the thread is gone.
 *
 * The unwind tables and symbols are the workload's, and so is what libunwind makes of them: a child process
 * reads them, with limits on its time and on what it may say. If it crashes or loops, only the stack is lost.
 * Where they lie in a file whose server does not give it, even its end is waited for by a thread alone, of *hands
 * (made when it is NULL, the caller's to free); meanwhile there is nothing.
 */
struct hands;
bool ustack_take(struct hands **hands, pid_t tid, struct strbuf *out);

#endif
