/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_DECODE_EXEC_H
#define MONITOR_TRACER_DECODE_EXEC_H

#include "tracer/decode.h"

struct step;

/* The step that gives this parameter alone (encodings.def); NULL when there is none. */
const struct step *decode_step(uint16_t event, unsigned int param);

/*
 * Calls of the execve and clone families, whose events tell of a process rather than of arguments. -ENOENT:
 * another call.
 */
int decode_birth_or_exec(const struct call *c, uint16_t type, struct event_builder *b, struct event *ret_event,
			 struct error *err);

/* The execve family's exit event of a process as it is now (decode_process.c), with what the call gave. */
struct exec_call {
	uint16_t type; /* EV_SYSCALL_EXECVE_19_X or EV_SYSCALL_EXECVEAT_X */
	int64_t result;
	struct str exe, args, env, filename; /* exe.ptr NULL: those of the process itself */
	const struct exec_image *image; /* see decode_exec() */
	bool foreseen; /* the process still is what it was before: all else than the arguments is inferred */
	int program; /* of foreseen: the file, ours; -1 = not open */
};
int decode_exec_call(pid_t tid, pid_t pid, uint64_t ts, const struct exec_call *x, struct decode_memo *m,
		     struct event_builder *b, struct event *ret_event, struct error *err);

#endif
