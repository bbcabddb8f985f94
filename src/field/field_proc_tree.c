/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "field/extract.h"

/*
 * proc.tree: the process and its ancestors, the oldest first, as "systemd(1) > sshd(70) > bash(81)".
 * Conditions compare this text; outputs get the entries one by one (FIELD_CHAIN), so that a name with " > "
 * in it cannot forge an ancestor in output_fields.
 */
static size_t count_line(const struct thread *t)
{
	size_t n = 1;

	for (t = t->parent; t && t->tid != -1 && n < STATE_ANCESTORS; t = t->parent)
		n++;
	return n;
}

EXTRACTOR(proc_tree)
{
	struct thread *t = ctx->subject.thread;
	struct value *list;
	size_t n, i;

	if (!t)
		return extract_no_thread(ctx);
	t = t->leader ? t->leader : t;
	i = n = count_line(t);
	list = arena_array_of(ctx->arena, struct value, n);
	if (!list)
		return ABSENT;
	for (; i > 0; t = t->parent) {
		list[--i].s = arena_printf(ctx->arena, STR_FMT "(%" PRId64 ")", STR_ARG(rstr_str(t->comm)), t->pid);
		if (!list[i].s.ptr)
			return ABSENT;
	}
	if (f->output) {
		*ret = (struct values){ list, (uint32_t)n };
		return PRESENT;
	}
	strbuf_reset(&ctx->scratch);
	for (i = 0; i < n; i++) {
		strbuf_adds(&ctx->scratch, i ? " > " : "");
		strbuf_addstr(&ctx->scratch, list[i].s);
	}
	return extract_scratch(ctx, ret);
}
