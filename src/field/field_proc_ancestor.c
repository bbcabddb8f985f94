/* SPDX-License-Identifier: Apache-2.0 */
#include "field/extract.h"

/* Parents, their parents, and the leaders of sessions and groups. */

EXTRACTOR(proc_parent_text)
{
	struct thread *p;
	struct str s;

	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	p = state_ancestor(ctx->state, ctx->subject.thread, 1);
	if (!p)
		return ABSENT;
	s = field_proc_thread_text(ctx->arena, p, f->info->variant);
	return s.ptr ? extract_text(ctx, ret, s) : ABSENT;
}

EXTRACTOR(proc_parent_id)
{
	struct thread *t = ctx->subject.thread, *p;

	if (!t)
		return extract_no_thread(ctx);
	if (f->info->variant == PARENT_VPID)
		return t->parent ? extract_int(ctx, ret, t->parent->vpid) : ABSENT;
	p = state_ancestor(ctx->state, t, 1);
	return p && p->pid >= -1 && p->pid <= UINT32_MAX ? extract_int(ctx, ret, p->pid) : ABSENT;
}

/* One ancestor, or all of them in a row from the parent up: presence of the result in values. */
static enum presence each_ancestor(struct field_context *ctx, struct values *ret,
				   bool (*get)(struct field_context *ctx, struct thread *t, int what, struct value *v),
				   int what)
{
	struct thread *t = ctx->subject.thread->leader, *p;
	uint32_t count = 0, n = 0;
	struct value *list;

	if (!t)
		return ABSENT;
	for (p = t->parent; p && p->tid != -1 && count < STATE_ANCESTORS; p = p->parent)
		count++;
	if (count == 0)
		return ABSENT;
	list = arena_array_of(ctx->arena, struct value, count);
	if (!list)
		return ABSENT;
	for (p = t->parent; n < count; p = p->parent) {
		if (!get(ctx, p, what, &list[n]))
			return ABSENT;
		n++;
	}
	*ret = (struct values){ list, count };
	return PRESENT;
}

static bool get_text(struct field_context *ctx, struct thread *t, int what, struct value *v)
{
	v->s = field_proc_thread_text(ctx->arena, t, what);
	return v->s.ptr;
}

static bool get_pid(struct field_context *ctx, struct thread *t, int what, struct value *v)
{
	(void)ctx;
	(void)what;
	v->i = t->pid;
	return true;
}

static bool get_environment(struct field_context *ctx, struct thread *t, int what, struct value *v)
{
	(void)what;
	v->s = field_proc_environment(ctx->arena, t, STR(""));
	return v->s.ptr;
}

/* Texts in a row as Falco joins them: a blank before each but while nothing but empty texts came. */
static enum presence joined(struct field_context *ctx, struct values *ret)
{
	strbuf_reset(&ctx->scratch);
	for (uint32_t i = 0; i < ret->count; i++) {
		if (ctx->scratch.len > 0)
			strbuf_addc(&ctx->scratch, ' ');
		strbuf_addstr(&ctx->scratch, ret->list[i].s);
	}
	return ctx->scratch.len > 0 ? extract_scratch(ctx, ret) : ABSENT;
}

EXTRACTOR(proc_ancestor_text)
{
	int what = f->info->variant;
	enum presence presence;
	struct thread *p;
	struct str s;

	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	if (f->number == -1) {
		presence = each_ancestor(ctx, ret, get_text, what);
		return presence == PRESENT && (f->output || f->several == FIELD_ONE) ? joined(ctx, ret) : presence;
	}
	p = f->number < 0 || f->number > STATE_ANCESTORS ?
		    NULL :
		    state_ancestor(ctx->state, ctx->subject.thread, (unsigned int)f->number);
	if (!p)
		return ABSENT;
	s = field_proc_thread_text(ctx->arena, p, what);
	return s.ptr ? extract_text(ctx, ret, s) : ABSENT;
}

EXTRACTOR(proc_ancestor_id)
{
	int64_t number = f->number == -1 ? 0 : f->number;
	struct thread *p;

	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	if (f->number == -1 && !f->output)
		return each_ancestor(ctx, ret, get_pid, 0);
	if (number < 0 || number > STATE_ANCESTORS)
		return ABSENT;
	p = state_ancestor(ctx->state, ctx->subject.thread, (unsigned int)number);
	return p && p->pid >= -1 && p->pid <= UINT32_MAX ? extract_int(ctx, ret, p->pid) : ABSENT;
}

#define ENV_LEVELS 20 /* Falco looks so far up for a variable */

/* The nearest ancestor's value of a variable; empty when none has it. */
static struct str inherited_variable(struct field_context *ctx, struct thread *t, struct str name)
{
	struct str s = STR("");

	for (int i = 0; i < ENV_LEVELS && t->parent && s.len == 0; i++) {
		t = t->parent;
		s = field_proc_environment(ctx->arena, t, name);
	}
	return s;
}

EXTRACTOR(proc_ancestor_env)
{
	struct thread *t = ctx->subject.thread;
	struct str s;

	if (!t)
		return extract_no_thread(ctx);
	if (f->several == FIELD_ANY && !f->output)
		return each_ancestor(ctx, ret, get_environment, 0);
	if (f->arg.len > 0) {
		s = t->leader ? inherited_variable(ctx, t->leader, f->arg) : STR("");
		return s.ptr ? extract_text(ctx, ret, s) : ABSENT;
	}
	if (f->number >= 1) {
		t = t->leader;
		if (!t)
			return extract_text(ctx, ret, STR(""));
		for (int64_t i = 0; t && i < f->number; i++)
			t = t->parent;
		if (!t)
			return ABSENT;
	}
	s = field_proc_environment(ctx->arena, t, STR(""));
	return s.ptr ? extract_text(ctx, ret, s) : ABSENT;
}

static int64_t group_of(const struct thread *t, int group)
{
	return group == GROUP_SID ? t->sid : group == GROUP_VPGID ? t->vpgid : t->pgid;
}

/*
 * The leader of a session or group: the process of that number where numbers are the host's, else the oldest ancestor
 * in an unbroken row that has the same one.
 */
static struct thread *group_leader(struct field_context *ctx, struct thread *t, int group)
{
	int64_t id = group_of(t, group);
	struct thread *leader = NULL, *p = t->parent;

	if (id == -1)
		return NULL;
	if (group == GROUP_PGID || !thread_in_pidns(t))
		leader = state_thread(ctx->state, id);
	if (leader)
		return leader;
	for (int i = 0; i < STATE_ANCESTORS && p && p->tid != -1 && group_of(p, group) == id; i++) {
		leader = p;
		p = p->parent;
	}
	return leader;
}

EXTRACTOR(proc_group_text)
{
	struct thread *leader;
	struct str s;

	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	leader = group_leader(ctx, ctx->subject.thread, f->info->variant & GROUP_MASK);
	if (!leader)
		return extract_text(ctx, ret, STR(""));
	s = field_proc_thread_text(ctx->arena, leader, f->info->variant);
	return s.ptr ? extract_text(ctx, ret, s) : ABSENT;
}

/* The oldest process in the line whose name ends in "sh", itself included. */
EXTRACTOR(proc_login_shell)
{
	struct thread *t = ctx->subject.thread;
	int64_t pid = -1;
	bool found = false;

	(void)f;
	if (!t)
		return extract_no_thread(ctx);
	t = t->leader;
	for (int i = 0; i < STATE_ANCESTORS && t && t->tid != -1; i++, t = t->parent) {
		if (str_ends(rstr_str(t->comm), STR("sh"))) {
			pid = t->pid;
			found = true;
		}
	}
	return found ? extract_int(ctx, ret, pid) : ABSENT;
}
