/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/owed.h"

#include <string.h>

#include "tracer/supervisor.h"

/*
 * What a call gave that was made in its caller's place, and that the caller does not have yet. Before Linux
 * 5.19 a signal may take it away while the kernel accepts its answer; behind the handler it makes the call
 * again, which must not be made twice. In a stop nothing comes between: there it gets its answer, where it is
 * ours by ptrace.
 */

static struct owed owed_for(const struct call *c)
{
	struct owed owed = { .number = c->number, .ip = c->ip };

	memcpy(owed.args, c->args, sizeof(owed.args));
	return owed;
}

struct owed *owed_begin(struct tracer *t)
{
	struct pending *p = &t->pending;

	if (t->killable || !p->tracee)
		return NULL;
	p->tracee->owed = owed_for(&p->call);
	return &p->tracee->owed;
}

bool owed_answer_in_stop(struct tracer *t, int64_t value)
{
	const struct pending *p = &t->pending;
	struct tracee *tracee = p->tracee;

	if (t->killable || p->way != FIGURES_ON_BEHALF || !arch_can_restart() || !tracee || !tracee->seized ||
	    tracee->leaving_for_debugger || ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL) < 0)
		return false;
	tracee->answer = owed_for(&p->call);
	tracee->answer.what = OWED_ANSWER;
	tracee->answer.value = value;
	tracee->follow = FOLLOW_ANSWERING;
	return true;
}

enum owed_what owed_now(const struct tracer *t)
{
	const struct pending *p = &t->pending;
	const struct owed *owed = p->tracee ? &p->tracee->owed : NULL;

	if (!owed || owed->number != p->call.number || owed->ip != p->call.ip ||
	    memcmp(owed->args, p->call.args, sizeof(owed->args)) != 0)
		return OWED_NOTHING;
	return owed->what;
}

void owed_give(struct tracee *tracee)
{
	const struct owed *answer = &tracee->answer;
	struct arch_regs regs;

	if (tracee->follow != FOLLOW_ANSWERING || arch_read(tracee->tid, &regs) < 0)
		return;
	tracee->follow = FOLLOW_NONE;
	if (!regs.compat && arch_number(&regs) == answer->number && arch_ip(&regs) == answer->ip &&
	    arch_is_restart(arch_result(&regs))) {
		arch_set_result(&regs, answer->value);
		arch_write(tracee->tid, &regs);
	} else {
		tracee->owed = *answer;
	}
}
