/* SPDX-License-Identifier: Apache-2.0 */
#include "event/clean.h"
#include "field/extract.h"

/* Fields of ours that read the extension record: what a source knows beyond Falco's tables. */

/* Texts of the record come as the source found them. */
static enum presence extract_clean(struct field_context *ctx, struct values *ret, struct str s)
{
	return clean_text(s, &ctx->scratch) ? extract_scratch(ctx, ret) : extract_text(ctx, ret, s);
}

/* Opens alone have one; and only what was opened tells it. */
EXTRACTOR(fd_realpath)
{
	const struct event *ev = ctx->ev;

	(void)f;
	if (!(ev->info->flags & EF_CREATES_FD) || (ev->info->category & EC_MASK) != EC_FILE)
		return ABSENT;
	if (ev->provisional)
		return UNKNOWN;
	return ev->ext && ev->ext->real_path.len ? extract_clean(ctx, ret, ev->ext->real_path) : ABSENT;
}

/* How sure it is that the event shows what the kernel saw; before the call is done nothing is. */
EXTRACTOR(evt_raced)
{
	static const char *const words[] = { [RACED_NO] = "no", [RACED_POSSIBLE] = "possible", [RACED_YES] = "yes" };

	(void)f;
	if (ctx->ev->provisional)
		return UNKNOWN;
	return extract_cstr(ctx, ret, words[ctx->ev->ext ? ctx->ev->ext->raced : RACED_NO]);
}

/* The whole argv where the event had to cut it; else what the event has is the whole. */
EXTRACTOR(proc_full_args)
{
	struct thread *t = ctx->subject.thread;
	struct str args;

	if (!t)
		return extract_no_thread(ctx);
	args = rstr_str(t->full_args ? t->full_args : t->args);
	if (args.len > 0 && args.ptr[args.len - 1] == 0)
		args.len--;
	strbuf_reset(&ctx->scratch);
	if (f->info->variant == TEXT_CMDLINE) {
		strbuf_addstr(&ctx->scratch, rstr_str(t->comm));
		if (args.len)
			strbuf_addc(&ctx->scratch, ' ');
	}
	for (size_t i = 0; i < args.len; i++)
		strbuf_addc(&ctx->scratch, args.ptr[i] ? args.ptr[i] : ' ');
	return extract_scratch(ctx, ret);
}

/*
 * Whether the executable changed after the first event, by the time that the kernel itself stamps on each change of a
 * file: utimes() cannot set it back. It is stamped from a clock that ticks at 100 Hz at worst, so a file that was
 * written within that time before the start counts, too. A memfd was always made by a process.
 */
EXTRACTOR(proc_drift)
{
	const uint64_t tick_ns = 10000000;
	struct thread *t = ctx->subject.thread;
	uint64_t start = ctx->first_ts ? ctx->first_ts : ctx->ev->ts;

	(void)f;
	if (!t)
		return extract_no_thread(ctx);
	if (!t->exe_ino_ctime)
		return t->exe_from_memfd ? extract_bool(ctx, ret, true) : ABSENT;
	return extract_bool(ctx, ret, t->exe_from_memfd || t->exe_ino_ctime + tick_ns >= start);
}

/* Where the call was made from. Asked only when a rule gets that far. */
EXTRACTOR(evt_ip_region)
{
	static const char *const words[] = {
		[REGION_FILE] = "file", [REGION_ANONYMOUS] = "anonymous", [REGION_STACK] = "stack"
	};
	const struct event_ext *ext = ctx->ev->ext;

	(void)f;
	if (!ext || !ext->ip)
		return ABSENT;
	if (ext->region == REGION_UNKNOWN)
		return extract_need(ctx, NEED_REGION, -1);
	return extract_cstr(ctx, ret, words[ext->region]);
}

/* The frames, one value each for outputs; taken when the alert is made. */
EXTRACTOR(thread_ustack)
{
	struct str rest = ctx->ev->ext ? ctx->ev->ext->stack : STR("");
	struct value *list;
	uint32_t n = 1, i = 0;

	(void)f;
	if (!rest.len)
		return ABSENT;
	for (size_t k = 0; k < rest.len; k++)
		n += rest.ptr[k] == '\n';
	list = arena_array_of(ctx->arena, struct value, n);
	if (!list)
		return ABSENT;
	for (; i < n; i++) {
		const char *end = memchr(rest.ptr, '\n', rest.len);
		struct str frame = { rest.ptr, end ? (size_t)(end - rest.ptr) : rest.len };

		if (end)
			rest = (struct str){ end + 1, rest.len - frame.len - 1 };
		list[i].s = clean_text(frame, &ctx->scratch) ? arena_str(ctx->arena, strbuf_str(&ctx->scratch)) : frame;
		if (!list[i].s.ptr)
			return ABSENT;
	}
	*ret = (struct values){ list, n };
	return PRESENT;
}
