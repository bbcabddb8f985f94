/* SPDX-License-Identifier: Apache-2.0 */
#include "field/extract.h"
#include "field/field_fd.h"

/* The process and thread that caused the event: what is written in struct thread, with little to compute. */

#define MEMBER(type, t, f) (*(type const *)((const char *)(t) + (f)->info->variant))

/* ---- texts ---- */

/* Arguments are NUL-terminated on the wire; one empty argument alone counts as none. */
static struct str arguments(const struct thread *t)
{
	struct str args = rstr_str(t->args);

	if (args.len > 0 && args.ptr[args.len - 1] == 0)
		args.len--;
	return args;
}

static uint64_t arguments_count(struct str args)
{
	uint64_t n = args.len > 0;

	for (size_t i = 0; i < args.len; i++)
		n += args.ptr[i] == 0;
	return n;
}

/* first (blank) arguments, NULs turned to blanks */
static struct str line(struct arena *arena, struct str first, bool blank, struct str args)
{
	char *out = arena_bytes(arena, first.len + args.len + 2), *at;

	if (!out)
		return (struct str){ 0 };
	at = first.len ? mempcpy(out, first.ptr, first.len) : out;
	if (blank)
		*at++ = ' ';
	if (args.len)
		memcpy(at, args.ptr, args.len);
	for (char *nul = at, *end = at + args.len; nul < end && (nul = memchr(nul, 0, (size_t)(end - nul))); nul++)
		*nul = ' ';
	return (struct str){ out, (size_t)(at - out) + args.len };
}

struct str field_proc_thread_text(struct arena *arena, const struct thread *t, int what)
{
	struct str args;

	switch (what & TEXT_MASK) {
	case TEXT_COMM:
		return rstr_str(t->comm);
	case TEXT_EXE:
		return rstr_str(t->exe);
	case TEXT_EXEPATH:
		return rstr_str(t->exepath);
	case TEXT_ARGS:
		return line(arena, STR(""), false, arguments(t));
	case TEXT_EXELINE:
		return line(arena, rstr_str(t->exe), true, arguments(t));
	default:
		args = arguments(t);
		return args.len ? line(arena, rstr_str(t->comm), true, args) : rstr_str(t->comm);
	}
}

EXTRACTOR(proc_text)
{
	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	return extract_rstr(ctx, ret, MEMBER(struct rstr *, ctx->subject.thread, f));
}

EXTRACTOR(proc_line)
{
	struct str s;

	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	s = field_proc_thread_text(ctx->arena, ctx->subject.thread, f->info->variant);
	return s.ptr ? extract_text(ctx, ret, s) : ABSENT;
}

/* All arguments, or the one of a number; an argument that is not there is an empty text. */
EXTRACTOR(proc_args)
{
	struct thread *t = ctx->subject.thread;
	struct str args, s;

	if (!t)
		return extract_no_thread(ctx);
	args = arguments(t);
	if (f->number < 0) {
		s = line(ctx->arena, STR(""), false, args);
		return s.ptr ? extract_text(ctx, ret, s) : ABSENT;
	}
	for (int64_t i = 0; args.len > 0; i++) {
		const char *end = memchr(args.ptr, 0, args.len);
		size_t len = end ? (size_t)(end - args.ptr) : args.len;

		if (i == f->number)
			return extract_text(ctx, ret, (struct str){ args.ptr, len });
		len += end ? 1 : 0;
		args = (struct str){ args.ptr + len, args.len - len };
	}
	return extract_text(ctx, ret, STR(""));
}

EXTRACTOR(proc_args_count)
{
	struct str args;
	uint64_t n;

	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	args = arguments(ctx->subject.thread);
	n = arguments_count(args);
	/* Falco counts the bytes as they came, and cleans them later */
	return extract_uint(
		ctx, ret,
		f->info->variant == ARGS_NUMBER || n == 0 ? n : args.len - (n - 1) - ctx->subject.thread->args_grown);
}

EXTRACTOR(proc_cwd)
{
	struct thread *t = ctx->subject.thread;

	(void)f;
	if (!t)
		return extract_no_thread(ctx);
	t = thread_leader(t);
	if (!t->cwd_known && ctx->needs)
		return extract_need(ctx, NEED_CWD, -1);
	/* a thread whose process is not known (pid -1) has no leader to ask: Falco says this then */
	return thread_is_leader(t) ? extract_rstr(ctx, ret, t->cwd) : extract_text(ctx, ret, STR("./"));
}

/* A variable with an empty value is passed over, as if it were not there. */
static struct str variable(struct str env, struct str name)
{
	while (env.len > 0) {
		const char *end = memchr(env.ptr, 0, env.len);
		struct str item = { env.ptr, end ? (size_t)(end - env.ptr) : env.len };
		size_t step = item.len + (end ? 1 : 0);

		if (item.len > name.len + 1 && item.ptr[name.len] == '=' && str_starts(item, name))
			return str_trim((struct str){ item.ptr + name.len + 1, item.len - name.len - 1 }, STR(" "));
		env = (struct str){ env.ptr + step, env.len - step };
	}
	return STR("");
}

struct str field_proc_environment(struct arena *arena, struct thread *t, struct str name)
{
	struct str env = rstr_str(thread_leader(t)->env);

	if (name.len > 0)
		return variable(env, name);
	if (env.len > 0 && env.ptr[env.len - 1] == 0)
		env.len--;
	return line(arena, STR(""), false, env);
}

EXTRACTOR(proc_env)
{
	struct str s;

	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	s = field_proc_environment(ctx->arena, ctx->subject.thread, f->arg);
	return s.ptr ? extract_text(ctx, ret, s) : ABSENT;
}

/* ---- numbers and flags ---- */

EXTRACTOR(proc_flag)
{
	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	return extract_bool(ctx, ret, MEMBER(bool, ctx->subject.thread, f));
}

EXTRACTOR(proc_i64)
{
	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	return extract_int(ctx, ret, MEMBER(int64_t, ctx->subject.thread, f));
}

/* Ids that are not known are -1. Falco prints a pid of -1 but no such virtual one. */
EXTRACTOR(proc_id)
{
	int64_t id;

	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	id = MEMBER(int64_t, ctx->subject.thread, f);
	if (f->info->variant == offsetof(struct thread, pid))
		return id >= -1 && id <= UINT32_MAX ? extract_int(ctx, ret, id) : ABSENT;
	return id != -1 ? extract_int(ctx, ret, id) : ABSENT;
}

EXTRACTOR(proc_u32)
{
	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	return extract_uint(ctx, ret, MEMBER(uint32_t, ctx->subject.thread, f));
}

EXTRACTOR(proc_u64)
{
	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	return extract_uint(ctx, ret, MEMBER(uint64_t, ctx->subject.thread, f));
}

/* Zero means that nobody told. */
EXTRACTOR(proc_u64_set)
{
	uint64_t u;

	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	u = MEMBER(uint64_t, ctx->subject.thread, f);
	return u ? extract_uint(ctx, ret, u) : ABSENT;
}

EXTRACTOR(proc_memory)
{
	return field_proc_u32(f, ctx, ret);
}

EXTRACTOR(proc_leads)
{
	const struct thread *t = ctx->subject.thread;

	if (!t)
		return extract_no_thread(ctx);
	switch (f->info->variant) {
	case GROUP_SID:
		return extract_bool(ctx, ret, t->sid == t->vpid);
	case GROUP_VPGID:
		return extract_bool(ctx, ret, t->vpgid == t->vpid);
	default:
		return extract_bool(ctx, ret, t->pgid == t->pid);
	}
}

/* ---- times ---- */

static enum presence since(struct field_context *ctx, struct values *ret, uint64_t start)
{
	return start ? extract_uint(ctx, ret, ctx->ev->ts - start) : ABSENT;
}

EXTRACTOR(proc_time)
{
	struct thread *t = ctx->subject.thread, *parent;

	if (!t)
		return extract_no_thread(ctx);
	switch (f->info->variant) {
	case CLOCK_DURATION:
		return since(ctx, ret, t->clone_ts);
	case CLOCK_PIDNS_DURATION:
		return since(ctx, ret, t->pidns_init_start_ts);
	case CLOCK_START:
		return t->clone_ts ? extract_uint(ctx, ret, t->clone_ts) : ABSENT;
	case CLOCK_PARENT_START:
		return t->parent ? extract_uint(ctx, ret, t->parent->clone_ts) : ABSENT;
	default:
		parent = state_ancestor(ctx->state, t, 1);
		if (!parent)
			return ABSENT;
		/* a parent whose start was not seen shows the count of its child's descriptors, as in Falco */
		return parent->clone_ts ? since(ctx, ret, parent->clone_ts) :
					  extract_uint(ctx, ret, thread_fd_count(t));
	}
}

/* ---- descriptors of the process ---- */

EXTRACTOR(proc_fds)
{
	struct thread *t = ctx->subject.thread;
	double limit;

	if (!t)
		return extract_no_thread(ctx);
	t = t->leader;
	if (f->info->variant != FDS_LIMIT && field_fd_all(ctx) == UNKNOWN)
		return UNKNOWN;
	if (f->info->variant == FDS_COUNT)
		return extract_uint(ctx, ret, t ? thread_fd_count(t) : 0);
	if (f->info->variant == FDS_LIMIT)
		return extract_int(ctx, ret, t ? t->fdlimit : 0);
	limit = t ? (double)t->fdlimit : 0;
	if (limit > 0)
		limit = (double)thread_fd_count(t) * 100 / limit;
	return extract_one(ctx, ret, &(struct value){ .d = limit < 0 ? 0 : limit > 100 ? 100 : limit });
}

/* Descriptor 0, 1 or 2 (the variant). */
static enum presence standard_fd(const struct field_ref *f, struct field_context *ctx, struct fd **ret_fd)
{
	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	return field_fd_other(ctx, f->info->variant, ret_fd);
}

EXTRACTOR(proc_std_type)
{
	struct fd *fd = NULL;
	enum presence presence = standard_fd(f, ctx, &fd);

	return fd ? extract_cstr(ctx, ret, fd_type_name(fd->type)) : presence;
}

EXTRACTOR(proc_std_name)
{
	struct fd *fd = NULL;
	enum presence presence = standard_fd(f, ctx, &fd);

	return fd ? extract_rstr(ctx, ret, fd->name) : presence;
}
