/* SPDX-License-Identifier: Apache-2.0 */
#include "field/extract.h"
#include "field/field_fd.h"
#include "field/param_text.h"

/* The flags of an open get names that only its result decides (created, which overlay layer). */
static bool result_decides(const struct event *ev, unsigned int i)
{
	bool opens = ev->type == EV_SYSCALL_OPEN_X || ev->type == EV_SYSCALL_OPENAT_2_X ||
		     ev->type == EV_SYSCALL_OPENAT2_X || ev->type == EV_SYSCALL_OPEN_BY_HANDLE_AT_X ||
		     ev->type == EV_SYSCALL_CREAT_X;

	return opens && ev->info->params[i].type == PT_FLAGS32;
}

static bool unknown(const struct field_context *ctx, unsigned int i)
{
	return ctx->ev->provisional && (event_param_unknown(ctx->ev, i) || result_decides(ctx->ev, i));
}

/* The parameter that the field names, in this event; -1 = it has none. Events of old captures may have fewer. */
static int find_param(const struct field_ref *f, const struct event *ev)
{
	int64_t i = f->arg.len > 0 && f->number < 0 ? event_param_index(ev->type, f->arg) : f->number;

	return i >= 0 && i < ev->nparams ? (int)i : -1;
}

/* The directory that a relative path starts at, where a descriptor of its own names it. */
static bool directory_is_missing(struct field_context *ctx, const struct param_info *info)
{
	struct fd *fd;

	return info->type == PT_FSRELPATH && info->dirfd_param >= 0 && (uint32_t)info->dirfd_param < ctx->ev->nparams &&
	       field_fd_other(ctx, event_param_int(ctx->ev, (unsigned int)info->dirfd_param), &fd) == UNKNOWN;
}

/* What a parameter's text needs from the state and the source can still tell: it was asked for. */
static bool is_missing(struct field_context *ctx, unsigned int i)
{
	const struct param_info *info = &ctx->ev->info->params[i];
	bool names = info->type == PT_FD || info->type == PT_FDLIST;
	bool paths = info->type == PT_FSPATH || info->type == PT_FSRELPATH;
	struct fd *fd;

	if (!ctx->needs || !(names || paths) || event_param(ctx->ev, i).len == 0)
		return false;
	if (!ctx->subject.thread)
		return extract_no_thread(ctx) == UNKNOWN;
	if (info->type == PT_FD)
		return field_fd_other(ctx, event_param_int(ctx->ev, i), &fd) == UNKNOWN;
	if (info->type == PT_FDLIST)
		return field_fd_all(ctx) == UNKNOWN;
	if (event_param_text(ctx->ev, i).len && event_param_text(ctx->ev, i).ptr[0] == '/')
		return false;
	if (ctx->subject.cwd_unknown)
		return extract_need(ctx, NEED_CWD, -1) == UNKNOWN;
	return directory_is_missing(ctx, info);
}

void field_ask_for_params(struct field_context *ctx)
{
	for (uint32_t i = 0; ctx->ev->type != EV_GENERIC_X && i < ctx->ev->nparams; i++)
		is_missing(ctx, i);
}

/* Every text that Falco makes of a parameter can show up in a later %evt.buffer; before the first buffer none can. */
static void note_shown(struct field_context *ctx, unsigned int i, struct str text)
{
	bool buffer = ctx->ev->info->params[i].type == PT_BYTEBUF && event_param(ctx->ev, i).len;

	if (!buffer && !ctx->shown_buffer)
		return;
	state_show(ctx->state, text);
	if (buffer)
		ctx->shown_buffer = text.len;
}

EXTRACTOR(evt_arg)
{
	struct strbuf value = { 0 };
	int i = find_param(f, ctx->ev);
	enum presence presence;

	if (i < 0)
		return ABSENT;
	if (unknown(ctx, (unsigned int)i) || is_missing(ctx, (unsigned int)i))
		return UNKNOWN;
	strbuf_reset(&ctx->scratch);
	param_text(ctx, (unsigned int)i, &value, &ctx->scratch);
	note_shown(ctx, (unsigned int)i, strbuf_str(&value));
	if (ctx->scratch.len == 0)
		strbuf_addstr(&ctx->scratch, strbuf_str(&value));
	presence = extract_scratch(ctx, ret);
	strbuf_free(&value);
	return presence;
}

EXTRACTOR(evt_args)
{
	const struct event *ev = ctx->ev;
	struct strbuf resolved = { 0 };
	enum presence presence;

	(void)f;
	strbuf_reset(&ctx->scratch);
	for (uint32_t i = 0; ev->type != EV_GENERIC_X && i < ev->nparams; i++) {
		size_t start;

		if (unknown(ctx, i) || is_missing(ctx, i)) {
			strbuf_free(&resolved);
			return UNKNOWN;
		}
		if (i > 0)
			strbuf_addc(&ctx->scratch, ' ');
		strbuf_adds(&ctx->scratch, ev->info->params[i].name);
		strbuf_addc(&ctx->scratch, '=');
		strbuf_reset(&resolved);
		start = ctx->scratch.len;
		param_text(ctx, i, &ctx->scratch, &resolved);
		if (!ctx->scratch.failed)
			note_shown(ctx, i, (struct str){ ctx->scratch.ptr + start, ctx->scratch.len - start });
		if (resolved.len > 0) {
			strbuf_addc(&ctx->scratch, '(');
			strbuf_addstr(&ctx->scratch, strbuf_str(&resolved));
			strbuf_addc(&ctx->scratch, ')');
		}
	}
	presence = extract_scratch(ctx, ret);
	strbuf_free(&resolved);
	return presence;
}

/* ---- values in their own type ---- */

void field_evt_rawarg_type(struct field_ref *f, const struct event *ev)
{
	int i = f->info->extract == field_evt_rawarg ? find_param(f, ev) : -1;

	if (i < 0)
		return;
	f->type = ev->info->params[i].type;
	f->format = ev->info->params[i].format;
}

bool field_evt_rawarg_unshowable(const struct field_ref *f, bool json)
{
	if (f->info->extract != field_evt_rawarg)
		return false;
	switch (f->type) {
	case PT_ERRNO:
		return json; /* text has it */
	case PT_SOCKTUPLE:
	case PT_FDLIST:
	case PT_SYSCALLID:
	case PT_SIGTYPE:
	case PT_SIGSET:
	case PT_MODE:
	case PT_DYN:
	case PT_CHARBUFARRAY:
	case PT_CHARBUF_PAIR_ARRAY:
	case PT_FD32:
	case PT_PID32:
		return true;
	default:
		return false;
	}
}

static enum presence text_value(struct field_context *ctx, unsigned int i, struct values *ret)
{
	struct str s = event_param_text(ctx->ev, i);

	return extract_text(ctx, ret, event_param(ctx->ev, i).len == 0 || str_eq(s, STR("(NULL)")) ? STR("<NA>") : s);
}

static bool is_number(enum value_kind kind)
{
	return kind == VALUE_INT || kind == VALUE_UINT;
}

static enum presence extract_raw(struct field_context *ctx, struct values *ret, uint64_t number, enum param_type type)
{
	return extract_one(ctx, ret, &(struct value){ .raw = { number, type } });
}

EXTRACTOR(evt_rawarg)
{
	int found = find_param(f, ctx->ev);
	unsigned int i = (unsigned int)found;
	enum value_kind kind, wanted = value_kind(f->type);
	enum param_type type;
	struct str bytes;

	if (found < 0)
		return ABSENT;
	if (unknown(ctx, i))
		return UNKNOWN;
	bytes = event_param(ctx->ev, i);
	type = ctx->ev->info->params[i].type;
	kind = value_kind(type);
	if (kind != wanted && !(is_number(kind) && is_number(wanted)) && !f->output) {
		/*
		 * the condition's value was read for another kind of parameter of this name: it exists, and
		 * equals nothing
		 */
		*ret = (struct values){ NULL, 0 };
		return bytes.len ? PRESENT : ABSENT;
	}
	switch (kind) {
	case VALUE_TEXT:
		return text_value(ctx, i, ret);
	case VALUE_BYTES:
		/* no bytes are printed as none, and exist no more than an absent parameter */
		return bytes.len || f->output ? extract_text(ctx, ret, bytes) : ABSENT;
	case VALUE_INT:
		return bytes.len ? extract_raw(ctx, ret, (uint64_t)event_param_int(ctx->ev, i), type) : ABSENT;
	case VALUE_UINT:
		return bytes.len ? extract_raw(ctx, ret, event_param_uint(ctx->ev, i), type) : ABSENT;
	case VALUE_BOOL:
		return bytes.len ? extract_bool(ctx, ret, event_param_uint(ctx->ev, i) != 0) : ABSENT;
	default:
		return ABSENT; /* no event has a parameter of such a type */
	}
}

/* An empty buffer, or what is none: a word, a NUL, and what was printed before, as far as the last buffer went. */
static void add_left_over(struct field_context *ctx)
{
	struct str memory;

	state_show(ctx->state, strbuf_str(&ctx->scratch));
	memory = state_shown(ctx->state);
	if (memory.len > ctx->shown_buffer)
		memory.len = ctx->shown_buffer;
	strbuf_reset(&ctx->scratch);
	param_text_bytes(&ctx->scratch, memory, ctx->base64_buffers);
}

/* Conditions see the bytes; outputs see them printed. */
EXTRACTOR(evt_buffer)
{
	int found = event_param_index(ctx->ev->type, STR("data"));
	unsigned int i = (unsigned int)found;
	struct strbuf none = { 0 };

	if (found < 0)
		return ABSENT;
	if (unknown(ctx, i))
		return UNKNOWN;
	if (!f->output)
		return extract_text(ctx, ret, event_param(ctx->ev, i));
	strbuf_reset(&ctx->scratch);
	param_text(ctx, i, &ctx->scratch, &none);
	strbuf_free(&none);
	if (ctx->ev->info->params[i].type != PT_BYTEBUF || event_param(ctx->ev, i).len == 0)
		add_left_over(ctx);
	else
		note_shown(ctx, i, strbuf_str(&ctx->scratch));
	return extract_scratch(ctx, ret);
}
