/* SPDX-License-Identifier: Apache-2.0 */
#include "field/extract.h"

EXTRACTOR(evt_number)
{
	const struct event *ev = ctx->ev;

	switch (f->info->variant) {
	case EVT_NUM:
		return extract_uint(ctx, ret, ev->number);
	case EVT_CPU:
		return extract_int(ctx, ret, (int16_t)ev->cpu);
	case EVT_ONE:
		return extract_uint(ctx, ret, 1);
	case EVT_EXIT:
		return event_type_is_enter(ev->type) ? ABSENT : extract_uint(ctx, ret, 1);
	case EVT_PROCINFO:
		return extract_uint(ctx, ret, ev->type == EV_PROCINFO_E);
	default:
		return extract_uint(ctx, ret, ev->type == EV_PROCINFO_E && ctx->subject.thread &&
						      thread_is_leader(ctx->subject.thread));
	}
}

/* Calls without an event type of their own are named by their code, or by their number when the code is new to us. */
static const char *generic_name(const struct event *ev)
{
	unsigned int code = (unsigned int)event_param_uint(ev, 0);
	const struct syscall_info *call;

	if (code == 0 && event_param(ev, 1).len > 0) {
		call = syscall_by_number((long)event_param_uint(ev, 1));
		if (call)
			return call->name;
	}
	return syscall_code_name(code);
}

static enum presence async_name(struct field_context *ctx, struct values *ret)
{
	struct str name = event_param_text(ctx->ev, 1);

	return extract_text(ctx, ret, name.len ? name : STR("<NA>"));
}

static enum presence type_name(struct field_context *ctx, struct values *ret)
{
	const char *name;

	if (ctx->ev->type == EV_ASYNCEVENT_E)
		return async_name(ctx, ret);
	if (ctx->ev->type != EV_GENERIC_X)
		return extract_cstr(ctx, ret, ctx->ev->info->name);
	if (extract_param_unknown(ctx, 0))
		return UNKNOWN;
	name = generic_name(ctx->ev);
	return name ? extract_cstr(ctx, ret, name) : ABSENT;
}

/* Descriptors by what their I/O counts as. */
static const char *io_category(const struct fd *fd)
{
	if (!fd)
		return "unknown";
	switch (fd->type) {
	case FD_FILE:
	case FD_FILE_V2:
	case FD_DIRECTORY:
		return "file";
	case FD_IPV4_SOCK:
	case FD_IPV6_SOCK:
	case FD_IPV4_SERVSOCK:
	case FD_IPV6_SERVSOCK:
		return "net";
	case FD_FIFO:
	case FD_UNIX_SOCK:
	case FD_EVENT:
	case FD_SIGNALFD:
	case FD_INOTIFY:
	case FD_USERFAULTFD:
		return "ipc";
	default:
		return "unknown";
	}
}

static const char *category_name(const struct field_context *ctx)
{
	static const char *const names[] = {
		[EC_UNKNOWN] = "unknown",   [EC_OTHER] = "other",
		[EC_FILE] = "file",         [EC_NET] = "net",
		[EC_IPC] = "IPC",           [EC_MEMORY] = "memory",
		[EC_PROCESS] = "process",   [EC_SLEEP] = "sleep",
		[EC_SYSTEM] = "system",     [EC_SIGNAL] = "signal",
		[EC_USER] = "user",         [EC_TIME] = "time",
		[EC_WAIT] = "wait",         [EC_SCHEDULER] = "scheduler",
		[EC_INTERNAL] = "internal",
	};
	uint32_t category = ctx->ev->info->category & EC_MASK;

	if (category == EC_IO_READ || category == EC_IO_WRITE || category == EC_IO_OTHER)
		return io_category(ctx->subject.fd);
	return category < sizeof(names) / sizeof(names[0]) && names[category] ? names[category] : "unknown";
}

static bool is_metaevent(const struct event *ev)
{
	return ev->info->category & EC_METAEVENT;
}

static enum presence io_direction(struct field_context *ctx, struct values *ret)
{
	if (ctx->ev->info->flags & EF_WRITES_TO_FD)
		return extract_text(ctx, ret, STR("write"));
	if (ctx->ev->info->flags & EF_READS_FROM_FD)
		return extract_text(ctx, ret, STR("read"));
	return ABSENT;
}

EXTRACTOR(evt_text)
{
	const struct event *ev = ctx->ev;

	switch (f->info->variant) {
	case EVT_TYPE:
		return type_name(ctx, ret);
	case EVT_SYSCALL:
		return ev->info->category & EC_SYSCALL ? type_name(ctx, ret) : ABSENT;
	case EVT_CATEGORY:
		return extract_cstr(ctx, ret, category_name(ctx));
	case EVT_DIR:
		return extract_text(ctx, ret, event_type_is_enter(ev->type) ? STR(">") : STR("<"));
	case EVT_IO_DIR:
		return io_direction(ctx, ret);
	case EVT_SOURCE:
		return ctx->source_name.len ? extract_text(ctx, ret, ctx->source_name) : ABSENT;
	case EVT_HOSTNAME:
		return ctx->hostname.len ? extract_text(ctx, ret, ctx->hostname) : ABSENT;
	case EVT_ASYNC_NAME:
		if (!is_metaevent(ev))
			return ABSENT;
		return ev->type == EV_ASYNCEVENT_E ? async_name(ctx, ret) : extract_cstr(ctx, ret, ev->info->name);
	default: /* EVT_LATENCY_HUMAN: there are no enter events to measure from */
		return extract_text(ctx, ret, STR("0ns"));
	}
}

static bool is_syslog(const struct field_context *ctx)
{
	return (ctx->ev->info->flags & EF_WRITES_TO_FD) && ctx->subject.fd &&
	       str_contains(rstr_str(ctx->subject.fd->name), STR("/dev/log"));
}

EXTRACTOR(evt_flag)
{
	uint32_t flags = ctx->ev->info->flags;

	switch (f->info->variant) {
	case EVT_IS_ASYNC:
		return extract_bool(ctx, ret, is_metaevent(ctx->ev));
	case EVT_IS_IO:
		return extract_bool(ctx, ret, flags & (EF_READS_FROM_FD | EF_WRITES_TO_FD));
	case EVT_IS_IO_READ:
		return extract_bool(ctx, ret, flags & EF_READS_FROM_FD);
	case EVT_IS_IO_WRITE:
		return extract_bool(ctx, ret, flags & EF_WRITES_TO_FD);
	case EVT_IS_WAIT:
		return extract_bool(ctx, ret, flags & EF_WAITS);
	default:
		if (!ctx->subject.fd && ctx->subject.fd_unknown && (flags & EF_WRITES_TO_FD) && ctx->needs)
			return extract_need(ctx, NEED_FD, ctx->subject.fd_number);
		return extract_bool(ctx, ret, is_syslog(ctx));
	}
}

EXTRACTOR(evt_type_is)
{
	int64_t type = ctx->ev->type;

	return extract_uint(ctx, ret, type == f->number || (f->arg_index == 2 && type == f->number + 1));
}

/* The condition compares the distance; here is the event's time, and the field's moment is in f->arg_index. */
EXTRACTOR(evt_around)
{
	if (f->output)
		return ABSENT;
	return extract_uint(ctx, ret, ctx->ev->ts);
}

/* Old infrastructure events describe a container as "Event:x;ID:y;…". */
static bool infra_item(struct str text, struct str key, struct str *ret_value)
{
	while (text.len > 0) {
		const char *end = memchr(text.ptr, ';', text.len), *colon;
		struct str item = { text.ptr, end ? (size_t)(end - text.ptr) : text.len };

		text.ptr += item.len + (end ? 1 : 0);
		text.len -= item.len + (end ? 1 : 0);
		while (item.len > 0 && item.ptr[0] == ' ') {
			item.ptr++;
			item.len--;
		}
		colon = item.len ? memchr(item.ptr, ':', item.len) : NULL;
		if (!str_starts(item, key) || !colon)
			continue;
		*ret_value = (struct str){ colon + 1, item.len - (size_t)(colon + 1 - item.ptr) };
		while (ret_value->len > 0 && ret_value->ptr[0] == ' ') {
			ret_value->ptr++;
			ret_value->len--;
		}
		return true;
	}
	return false;
}

#define SHORT_ID 12

EXTRACTOR(evt_infra)
{
	static const struct str keys[] = { [INFRA_EVENT] = { "Event", 5 },
					   [INFRA_ID] = { "ID", 2 },
					   [INFRA_NAME] = { "name", 4 },
					   [INFRA_IMAGE] = { "Image", 5 } };
	struct str value;
	const char *at;

	if (ctx->ev->type != EV_INFRASTRUCTURE_EVENT_E ||
	    !infra_item(event_param_text(ctx->ev, 2), keys[f->info->variant], &value))
		return ABSENT;
	if (f->info->variant == INFRA_ID && value.len > SHORT_ID)
		value.len = SHORT_ID;
	at = f->info->variant == INFRA_IMAGE && value.len ? memchr(value.ptr, '@', value.len) : NULL;
	if (at)
		value.len = (size_t)(at - value.ptr);
	return extract_text(ctx, ret, value);
}

EXTRACTOR(evt_maker)
{
	struct str text;

	if (!ctx->maker || !ctx->maker(ctx->maker_context, ctx, (enum event_maker_text)f->info->variant, &text))
		return ABSENT;
	return extract_text(ctx, ret, text);
}
