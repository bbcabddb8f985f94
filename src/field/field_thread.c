/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "field/extract.h"
#include "field/names.h"

EXTRACTOR(thread_tid)
{
	(void)f;
	if (ctx->ev->tid < -1 || ctx->ev->tid > UINT32_MAX)
		return ABSENT;
	return extract_int(ctx, ret, ctx->ev->tid);
}

EXTRACTOR(thread_is_main)
{
	(void)f;
	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	return extract_bool(ctx, ret, thread_is_leader(ctx->subject.thread));
}

EXTRACTOR(thread_name_tid)
{
	struct str s;

	(void)f;
	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	s = arena_printf(ctx->arena, STR_FMT "%" PRId64, STR_ARG(rstr_str(ctx->subject.thread->comm)), ctx->ev->tid);
	return s.ptr ? extract_text(ctx, ret, s) : ABSENT;
}

EXTRACTOR(thread_caps)
{
	uint64_t set;

	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	set = *(const uint64_t *)((const char *)ctx->subject.thread + f->info->variant);
	strbuf_reset(&ctx->scratch);
	names_add_capabilities(&ctx->scratch, set);
	return extract_scratch(ctx, ret);
}

/* "subsystem=path" texts with a NUL after each. */
EXTRACTOR(thread_cgroups)
{
	struct str all;

	(void)f;
	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	all = rstr_str(ctx->subject.thread->cgroups);
	if (all.len > 0 && all.ptr[all.len - 1] == 0)
		all.len--;
	if (all.len == 0)
		return ABSENT;
	strbuf_reset(&ctx->scratch);
	for (size_t i = 0; i < all.len; i++)
		strbuf_addc(&ctx->scratch, all.ptr[i] ? all.ptr[i] : ' ');
	return extract_scratch(ctx, ret);
}

EXTRACTOR(thread_cgroup)
{
	struct str all;

	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	all = rstr_str(ctx->subject.thread->cgroups);
	while (all.len > 0) {
		const char *end = memchr(all.ptr, 0, all.len);
		struct str item = { all.ptr, end ? (size_t)(end - all.ptr) : all.len };
		size_t step = item.len + (end ? 1 : 0);

		if (item.len > f->arg.len && item.ptr[f->arg.len] == '=' && str_starts(item, f->arg))
			return extract_text(ctx, ret,
					    (struct str){ item.ptr + f->arg.len + 1, item.len - f->arg.len - 1 });
		all = (struct str){ all.ptr + step, all.len - step };
	}
	return ABSENT;
}

/* CPU time comes with scheduler switches, which no source here reports: time that was never measured is 0. */
EXTRACTOR(thread_exectime)
{
	if (f->info->variant && !ctx->subject.thread)
		return extract_no_thread(ctx);
	return extract_uint(ctx, ret, 0);
}

/* The sum of the asked kinds; 0 when none was told. */
static uint64_t cpu_total(const struct cpu_times *c, int kinds)
{
	return (kinds & CPU_USER ? c->user : 0) + (kinds & CPU_SYSTEM ? c->system : 0);
}

EXTRACTOR(thread_cpu)
{
	const struct thread *t = ctx->subject.thread;
	uint64_t before, used;

	if (ctx->ev->type != EV_PROCINFO_E)
		return ABSENT;
	if (!t)
		return extract_no_thread(ctx);
	before = cpu_total(&t->cpu_before, f->info->variant);
	used = before ? cpu_total(&t->cpu, f->info->variant) - before : 0;
	return extract_double(ctx, ret, used > 100 ? 100 : (double)used);
}

static uint64_t memory_kb(const struct field_ref *f, const struct thread *t)
{
	return thread_is_leader(t) ? *(const uint32_t *)((const char *)t + f->info->variant) : 0;
}

EXTRACTOR(thread_memory)
{
	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	return extract_uint(ctx, ret, memory_kb(f, ctx->subject.thread));
}

EXTRACTOR(thread_memory_bytes)
{
	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	return extract_uint(ctx, ret, memory_kb(f, ctx->subject.thread) * 1024);
}

EXTRACTOR(thread_number)
{
	const struct thread *t = ctx->subject.thread;

	if (!t)
		return extract_no_thread(ctx);
	return extract_uint(ctx, ret, f->info->variant == COUNT_ALL ? thread_count(t) : thread_count_others(t));
}
